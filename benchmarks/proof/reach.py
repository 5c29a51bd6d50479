"""How many classes can be made without any help: a fixed sample of 500 concrete classes of 20 packages.

    python benchmarks/proof/reach.py --venv DIR

makes a virtual environment in DIR with the packages of ``reach_packages.txt`` (unless it is there), asks for a verdict
on the construction of each class of ``reach_classes.txt``, and prints for each package and for the steps of the ladder
how many were made, and why the rest were not. The sample holds 25 classes of each package, and more where another
package has fewer; ``--draw`` draws it anew.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

from leaklint_runtime import client
from leaklint_runtime.child import Options
from leaklint_runtime.wire import UNREACHED, WireProbe, WireVerdict

HERE = Path(__file__).parent
PACKAGES = HERE / "reach_packages.txt"
CLASSES = HERE / "reach_classes.txt"
EACH, TOTAL, SEED = 25, 500, 20
HEAD = """# Classes made without help

Written by `python benchmarks/proof/reach.py --venv DIR --write`: 500 concrete classes of the 20 packages in
`reach_packages.txt`, drawn at random; each was made at least twice, dropped and collected in a process of its own.
"""
DRAW = """
import enum, importlib, inspect, json, pkgutil, random, sys, typing, warnings
warnings.simplefilter("ignore")
found = {}
for package in sys.argv[1].split(","):
    top = importlib.import_module(package)
    names = [package]
    for item in pkgutil.walk_packages(top.__path__, package + ".", onerror=lambda name: None):
        if not any(part.startswith("test") or part in ("conftest", "__main__") for part in item.name.split(".")):
            names.append(item.name)
    seen = set()
    for name in names:
        try:
            module = importlib.import_module(name)
        except BaseException:
            continue
        for kind in vars(module).values():
            if not isinstance(kind, type) or kind.__module__ != name or inspect.isabstract(kind):
                continue
            if issubclass(kind, (enum.Enum, BaseException)) or getattr(kind, "_is_protocol", False):
                continue
            if getattr(module, kind.__qualname__, None) is kind and not hasattr(kind, "__total__"):
                seen.add(name + ":" + kind.__qualname__)
    found[package] = random.Random(int(sys.argv[2])).sample(sorted(seen), len(seen))
each, total = int(sys.argv[3]), int(sys.argv[4])
drawn = [name for names in found.values() for name in names[:each]]
spare = [names[place] for place in range(each, 10 * each) for names in found.values() if place < len(names)]
print()
print(json.dumps(drawn + spare[: total - len(drawn)]))
"""


def main() -> int:
    """Run the benchmark and print its table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--venv", type=Path, required=True, help="the folder of the environment to make or to use")
    parser.add_argument("--draw", action="store_true", help="draw the sample anew and write it")
    parser.add_argument("--write", action="store_true", help="keep the table in reach.md")
    args = parser.parse_args()
    python = environment(args.venv)
    if args.draw:
        CLASSES.write_text("".join(f"{name}\n" for name in draw(python)))
    names = CLASSES.read_text().split()
    verdicts = client.prove([probe(name) for name in names], Options(timeout=20, jobs=2), str(python))
    text = table(names, verdicts)
    print(text)
    if args.write:
        (HERE / "reach.md").write_text(f"{HEAD}\n```\n{text}\n```\n")
    return 0


def environment(folder: Path) -> Path:
    """Return the interpreter of an environment that has the packages, making it if need be."""
    python = folder.absolute() / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", "-r", str(PACKAGES)], check=True)
    return python


def draw(python: Path) -> list[str]:
    """Return the sample, 25 classes of each package, as ``module:Class``."""
    packages = ",".join(re.split(r"[=<>]", line)[0].lower() for line in PACKAGES.read_text().split())
    packages = packages.replace("attrs", "attr")
    command = [str(python), "-c", DRAW, packages, str(SEED), str(EACH), str(TOTAL)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    names: list[str] = json.loads(done.stdout.splitlines()[-1])
    return names


def probe(name: str) -> WireProbe:
    """Return a probe that only makes the class."""
    module = name.partition(":")[0]
    return WireProbe("LK101", name, name, "", module, "", "", "other", name, "construct", "subject")


def table(names: list[str], verdicts: list[WireVerdict]) -> str:
    """Return the outcome as text."""
    made = [item.status != UNREACHED for item in verdicts]
    packages = Counter(name.partition(".")[0].partition(":")[0] for name in names)
    hits = Counter(name.partition(".")[0].partition(":")[0] for name, good in zip(names, made, strict=True) if good)
    rows = [f"{package:<14}{hits[package]:>4} of {count}" for package, count in sorted(packages.items())]
    rows.append(f"{'all':<14}{sum(made):>4} of {len(names)} = {100 * sum(made) / len(names):.1f} %")
    rows += ["", "made by:"]
    rows += [
        f"{count:>5}  {how}" for how, count in Counter(item.made_by for item in verdicts if item.made_by).most_common()
    ]
    rows += ["", "not made:"]
    rows += [
        f"  {name}: {item.reason[:150]}" for name, item, good in zip(names, verdicts, made, strict=True) if not good
    ]
    return "\n".join(rows)


if __name__ == "__main__":
    sys.exit(main())
