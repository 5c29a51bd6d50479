"""Time to a named chain of holders in a large heap, beside the tools that answer the same question.

    python benchmarks/proof/chain.py --venv DIR [--sizes 100000,1000000,3000000] [--repeat 3] [--shape NAME] [--write]

makes a virtual environment in DIR with the other tools (unless it is there). Each measurement is a process of its own:
it fills the heap with so many live objects that the collector tracks, leaks some more, and asks the tool why one of
these is alive. Four shapes: ``near`` (in a class attribute), ``far`` (behind wrappers in a list of ten thousand, on an
object of another module), ``lost`` (the same in a list of a quarter as many entries as the heap has objects) and ``amid``
(as ``lost``, but not the youngest entry is asked about: the one in the middle). Tools take turns in each round; the
tables show medians of the CPU seconds that the question took and of the memory it added to the process. ``--write`` keeps
them in ``chain.md``. What earlier calls have measured is kept in DIR, so that shapes can be measured one at a time.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
RUNTIME = HERE.parent.parent / "runtime"
SHAPES = ("near", "far", "lost", "amid")
Seen = dict[tuple[str, str, int], list[dict[str, Any]]]
PEERS = ("objgraph", "Pympler", "refcycle", "guppy3")
ONE = """
import gc, json, resource, sys, time, types, weakref
tool, size, shape = sys.argv[1], int(sys.argv[2]), sys.argv[4]
sys.path.insert(0, sys.argv[3])
app = types.ModuleType("app")
exec('''
class Processor:
    instance_map = {}
    def __init__(self):
        self.name = [self.__class__.__name__]
        Processor.instance_map[id(self)] = self
class Hub:
    def __init__(self):
        self.listeners = []
class Wrapper:
    def __init__(self, inner):
        self.inner = inner
class Node:
    def __init__(self, number):
        self.items = [number]
class Listener:
    def __init__(self):
        import lib
        lib.HUB.listeners.append((1, Wrapper(self)))
''', vars(app))
lib = types.ModuleType("lib")
lib.HUB = app.Hub()
for kind in [app.Processor, app.Hub, app.Wrapper, app.Node, app.Listener]:
    kind.__module__ = "app"
sys.modules.update(app=app, lib=lib)
if tool == "objgraph":
    import objgraph
    def ask(target):
        return [str(type(thing).__name__) for thing in objgraph.find_backref_chain(target, objgraph.is_proper_module)]
elif tool == "Pympler":
    from pympler import refbrowser
    def ask(target):
        tree = refbrowser.RefBrowser(target, maxdepth=4, str_func=lambda thing: type(thing).__name__).get_tree()
        return [str(tree)[:80]]
elif tool == "refcycle":
    import refcycle
    def ask(target):
        graph = refcycle.snapshot()
        return [type(thing).__name__ for thing in graph.shortest_path(vars(app), target).vertices]
elif tool == "guppy3":
    from guppy import hpy
    heap = hpy()
    def ask(target):
        return [str(heap.iso(target).shpaths)[:200]]
else:
    from leaklint_runtime import chains, paths
    def ask(target):
        return list(chains.named(paths.backward(target).chain).text())
keep = []
if shape == "near":
    leaked = weakref.ref([app.Processor() for _ in range(1_000)][-1])
else:
    count = 10_000 if shape == "far" else size // 4
    leaked = weakref.ref([app.Listener() for _ in range(count)][count // 2 if shape == "amid" else -1])
    size -= 0 if shape == "far" else 3 * count
while 2 * len(keep) < size:
    keep.append(app.Node(len(keep)))
gc.collect()
live = len(gc.get_objects())
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
start = time.process_time()
answer = ask(leaked())
seconds = time.process_time() - start
added = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
print()
print(json.dumps({"seconds": seconds, "megabytes": added, "live": live, "answer": answer}))
"""


def main() -> int:
    """Run the benchmark and print its table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--venv", type=Path, required=True, help="the folder of the environment to make or to use")
    parser.add_argument("--sizes", default="100000,1000000,3000000", help="numbers of live objects")
    parser.add_argument("--repeat", type=int, default=3, help="rounds, in which the tools take turns")
    parser.add_argument("--timeout", type=float, default=180, help="seconds for one measurement")
    parser.add_argument("--shape", action="append", choices=SHAPES, help="measure only this one; may be repeated")
    parser.add_argument("--write", action="store_true", help="keep the table in chain.md")
    args = parser.parse_args()
    python = environment(args.venv)
    sizes = [int(size) for size in args.sizes.split(",")]
    tools = ("leaklint", *PEERS)
    seen: Seen = {(shape, tool, size): [] for shape in SHAPES for size in sizes for tool in tools}
    given_up: set[tuple[str, str, int]] = set()
    kept = args.venv / "seen.json"
    if kept.exists():
        seen.update({(shape, tool, size): found for (shape, tool, size), found in json.loads(kept.read_text())})
    for case in [case for _ in range(args.repeat) for case in seen if case[0] in (args.shape or SHAPES)]:
        if len(seen[case]) >= args.repeat:
            continue
        answer = None if case in given_up else measure(python, *case, args.timeout)
        if answer is None:
            given_up.add(case)
        else:
            seen[case].append(answer)
            kept.write_text(json.dumps(list(seen.items())))
    text = "\n\n".join(
        f"## {shape}\n\nRounds: {max(len(seen[shape, tool, size]) for tool in tools for size in sizes)}\n\n"
        + table(shape, tools, sizes, seen)
        for shape in SHAPES
    )
    print(text)
    if args.write:
        (HERE / "chain.md").write_text(HEAD + text + "\n")
    return 0


HEAD = """# Time to a named chain

Written by `python benchmarks/proof/chain.py --venv DIR --write`. CPU seconds until the tool has said why one leaked
object is alive, and the memory that asking added; medians. "-": no answer within the time limit. The factor is the
tool's time over leaklint's. The shapes are described in `chain.py`.

"""


def environment(folder: Path) -> Path:
    """Return the interpreter of an environment that has the peers; one that does not install is left out."""
    python = folder.absolute() / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        for peer in PEERS:
            subprocess.run([str(python), "-m", "pip", "install", "--quiet", peer], check=False)
    return python


def measure(python: Path, shape: str, tool: str, size: int, timeout: float) -> dict[str, Any] | None:
    """Return one measurement, or None if the tool failed or took too long."""
    command = [str(python), "-c", ONE, tool, str(size), str(RUNTIME), shape]
    try:
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=timeout)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
        return None
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def table(shape: str, tools: tuple[str, ...], sizes: list[int], times: Seen) -> str:
    """Return the medians for one shape as a table."""
    heads = " | ".join(f"{size:,} live" for size in sizes)
    rows = [f"| tool | {heads} | answer |", "|---" * (len(sizes) + 2) + "|"]
    for tool in tools:
        cells = [cell(times[shape, tool, size], times[shape, "leaklint", size], tool) for size in sizes]
        answers = [item["answer"] for size in sizes for item in times[shape, tool, size]]
        answer = " ".join(answers[0]).replace("|", "/").replace("\n", " ")[:100] if answers else ""
        rows.append(f"| {tool} | {' | '.join(cells)} | {answer} |")
    return "\n".join(rows)


def cell(runs: list[dict[str, Any]], base: list[dict[str, Any]], tool: str) -> str:
    """Return the median time and memory of a tool, and its time over leaklint's."""
    if not runs:
        return "-"
    seconds, memory = (statistics.median(item[name] for item in runs) for name in ("seconds", "megabytes"))
    factor = seconds / statistics.median(item["seconds"] for item in base) if base else 0
    return f"{seconds:.4f} s, {memory:.0f} MB" + (f" ({factor:.0f} x)" if tool != "leaklint" else "")


if __name__ == "__main__":
    sys.exit(main())
