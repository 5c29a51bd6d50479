"""What the scripts beside this one share: the driver, its rounds, and the report that they write."""

import gc
import importlib.util
import json
import os
import sys


def arguments():
    """Return (driver's ``work``, rounds, rounds to warm up, the file for the report, and what else was passed)."""
    path, rounds, warm_up, out = sys.argv[1:5]
    name = os.path.splitext(os.path.basename(path))[0]
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module.work, int(rounds), int(warm_up), out, sys.argv[5:]


def repeat(work, rounds):
    """Call ``work`` so often, then collect the garbage."""
    for _ in range(rounds):
        work()
    gc.collect()


def finish(report, out):
    """Write the report as JSON and end the process at once: what a driver left running does not hold it up."""
    with open(out, "w", encoding="utf-8") as file:
        json.dump(report, file)
    sys.stdout.flush()
    os._exit(0)
