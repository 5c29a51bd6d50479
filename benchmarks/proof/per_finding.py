"""Seconds for a finding: a verdict on each of many classes, with the chain and the counterfactual.

    python benchmarks/proof/per_finding.py [--python PATH ...] [--count 200] [--objects 0,1000000] [--write]

writes a module with so many classes that keep their instances, and one whose containers are weak; proves all of them in one
run, by fork and by a fresh process each, with a small heap and with so many objects alive when the module is imported.
The table shows milliseconds a finding and the memory of the largest process. ``--write`` keeps it in ``per_finding.md``.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from leaklint_runtime import client
from leaklint_runtime.child import Options
from leaklint_runtime.wire import WireProbe

HERE = Path(__file__).parent
CLASS = """
class C{number}:
    every = {container}

    def __init__(self):
        self.every[id(self)] = self
"""
HEAD = """# Time for a finding

Written by `python benchmarks/proof/per_finding.py --write`: wall and CPU milliseconds a finding, start of the interpreter
and import included, one experiment after the other. In brackets the median wall time of the experiments themselves.
"confirmed" includes the chain, the counterfactual and over a thousand objects in search of a bound; "refuted" does not.

"""


def main() -> int:
    """Run the benchmark and print its table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", action="append", help="an interpreter to prove in; may be repeated")
    parser.add_argument("--count", type=int, default=200, help="findings a run")
    parser.add_argument("--objects", default="0,1000000", help="live objects at import")
    parser.add_argument("--write", action="store_true", help="keep the table in per_finding.md")
    args = parser.parse_args()
    rows = ["| interpreter | heap | process | confirmed | refuted | memory |", "|---|---|---|---|---|---|"]
    for python in args.python or [sys.executable]:
        for objects in [int(text) for text in args.objects.split(",")]:
            for isolation in ("fork", "fresh"):
                count = args.count if isolation == "fork" else args.count // 10
                # A process of its own for each row, so that the memory of its children is its own.
                with ProcessPoolExecutor(1) as pool:
                    rows.append(pool.submit(measured, python, objects, isolation, count).result())
                print(rows[-1], flush=True)
    if args.write:
        (HERE / "per_finding.md").write_text(HEAD + "\n".join(rows) + "\n")
    return 0


def measured(python: str, objects: int, isolation: str, count: int) -> str:
    """Return one row of the table."""
    cells = []
    with tempfile.TemporaryDirectory() as folder:
        for name, container in (("confirmed", "{}"), ("refuted", "weakref.WeakValueDictionary()")):
            body = "".join(CLASS.format(number=number, container=container) for number in range(count))
            heap = f"HEAP = [[number] for number in range({objects})]\n"
            Path(folder, f"{name}.py").write_text(f"import weakref\n\n{heap}{body}")
            probes = [probe(folder, name, number) for number in range(count)]
            started, spent = time.perf_counter(), cpu()
            verdicts = client.prove(probes, Options(isolation=isolation), python)
            wall, used = 1000 * (time.perf_counter() - started) / count, 1000 * (cpu() - spent) / count
            assert {verdict.status for verdict in verdicts} == {name}
            inner = 1000 * statistics.median(verdict.seconds for verdict in verdicts)
            cells.append(f"{wall:.1f} ms, {used:.1f} CPU ({inner:.1f})")
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    return f"| {verdicts[0].python} | {objects:,} | {isolation} | {' | '.join(cells)} | {memory:.0f} MB |"


def cpu() -> float:
    """Return the CPU seconds of all processes that were started and are over."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def probe(folder: str, module: str, number: int) -> WireProbe:
    """Return the probe for one class."""
    name = f"{module}:C{number}"
    file = f"{folder}/{module}.py"
    holder = f"C{number}.every"
    return WireProbe("LK101", name, name, folder, module, file, holder, "dict", name, "construct", "subject")


if __name__ == "__main__":
    sys.exit(main())
