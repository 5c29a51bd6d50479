"""Load an application again and again, let go of it each time, and measure what stays; prints one JSON object.

    python3.8 measure.py APP_PATH LOADS [--read-queries]

Runs under the benchmark's Python 3.8, with the MindMeld to measure first on ``PYTHONPATH``, and without any part of
leaklint: the figures are a second witness beside its verdicts. After ``del`` and ``gc.collect()`` it records for each
load the resident set size in bytes, the resource loaders and processors that are alive, and the entries of
``Processor.instance_map``. The reference counts are those of the first load, read while it is in use and again after
``del`` through a weak reference (``null``: it was freed), beside an object of a class of our own that nobody keeps.
"""

import gc
import json
import sys
import warnings
import weakref

warnings.simplefilter("ignore")  # set before the import below: MindMeld's old dependencies warn at length

import psutil  # noqa: E402
from mindmeld.components import nlp as module  # noqa: E402
from mindmeld.resource_loader import ResourceLoader  # noqa: E402


class ControlObject:
    """Nobody keeps it: its reference count is what the measurement itself adds."""


def main(app_path, loads, read_queries):
    """Measure and return the figures."""
    counts = refcounts(lambda: module.NaturalLanguageProcessor(app_path))
    counts["control"] = refcounts(ControlObject)["in_use"]
    rounds = []
    module.Processor.instance_map.clear()  # the reference counts took a load of their own
    gc.collect()
    for _ in range(loads):
        load(app_path, read_queries)
        gc.collect()
        rounds.append(alive())
    return {"module": module.__file__, "python": sys.version.split()[0], "refcount": counts, "rounds": rounds}


def load(app_path, read_queries):
    """Load the application, use it if asked to, and let go of it."""
    assistant = module.NaturalLanguageProcessor(app_path)
    if read_queries:
        assistant.resource_loader.get_labeled_queries()


def alive():
    """Return what is left in this process."""
    objects = gc.get_objects()
    return {
        "rss": psutil.Process().memory_info().rss,
        "loaders": sum(type(item) is ResourceLoader for item in objects),
        "processors": sum(module.Processor in type(item).__mro__ for item in objects),
        "entries": len(module.Processor.instance_map),
    }


def refcounts(make):
    """Return the reference counts of a new object in use and after ``del`` and a collection."""
    subject = make()
    in_use, reference = sys.getrefcount(subject), weakref.ref(subject)
    del subject
    gc.collect()
    subject = reference()
    return {"in_use": in_use, "after_del": None if subject is None else sys.getrefcount(subject)}


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], int(sys.argv[2]), "--read-queries" in sys.argv)))
