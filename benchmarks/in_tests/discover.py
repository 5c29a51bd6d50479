"""Unedited test suites under ``--leaklint-discover``: releases with a known leak, and current releases of healthy packages.

    python benchmarks/in_tests/discover.py --work FOLDER --old PATH --python PATH [--only NAME] [--turns 3]

PATH is a Python 3.9 for the old releases, and a Python 3.11 or later for the current ones. Without any finding. A release with
a known leak has to have the holder named, a healthy one has to stay quiet. What a healthy package's tests really leak is
listed, too: the last column says whether it was looked at. Everything is written to ``discover.md``; what earlier runs in
FOLDER have shown is kept. Each suite is run ``--turns`` times plain and as often with ``--leaklint-discover``, in turn: the
table at the end has the medians of the seconds of CPU time, of the whole process with its children.
"""

from __future__ import annotations

import argparse
import json
import re
import resource
import shutil
import statistics
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from projects import PROJECTS, ROOT, Project, installed, own_tests, run, sdist

HERE = Path(__file__).parent
OPTIONS = ("-q", "-p", "no:cacheprovider", "-p", "leaklint_runtime.pytest_plugin", "-W", "ignore", "--tb=no")
#: the holders that the releases which repaired them speak of
KNOWN = {
    "python-dateutil": ("_TzOffsetFactory__instances", "_TzStrFactory__instances"),
    "flake8": ("StyleGuideManager.style_guide_for",),
    "tornado": ("IOLoop",),
}


class Healthy(NamedTuple):
    """A package whose current release is installed from pip's index with ``needs``; ``tests`` are in its sdist or installed."""

    name: str
    needs: tuple[str, ...] = ()
    tests: str = "tests"
    installed: bool = False


HEALTHY = (
    Healthy("itsdangerous", ("freezegun",)),
    Healthy("attrs", ("hypothesis", "cloudpickle")),
    Healthy("toolz", (), "toolz", True),
    Healthy("click"),
)


class DiscoverRun(NamedTuple):
    """The end of a run's output, the symbols of its holders, and the seconds of CPU time without and with discovery."""

    output: str
    symbols: list[str]
    plain: float
    watched: float


def discovered(python: Path, place: Path, words: list[str], turns: int) -> DiscoverRun:
    """Run the tests in a folder, and then ``turns`` times without and with discovery."""
    report = place / "holders.json"
    report.unlink(missing_ok=True)
    options = ["--leaklint-discover", "--leaklint-json", str(report)]
    output = run([str(python), "-m", "pytest", *OPTIONS, *options, *words], place, PYTHONPATH=str(ROOT / "runtime"))
    at = output.find("leaklint: left behind by tests")
    if at < 0:
        sys.exit(f"the tests did not run: {output[-2000:]}")
    holders = json.loads(report.read_text())["holders"]
    symbols = [holder["symbol"] for holder in holders]
    plain, watched = [], []
    for _ in range(turns):
        plain.append(cpu(python, place, words))
        watched.append(cpu(python, place, ["--leaklint-discover", *words]))
    return DiscoverRun(
        output[output.rfind("\n", 0, at) + 1 :], symbols, statistics.median(plain), statistics.median(watched)
    )


def cpu(python: Path, place: Path, words: list[str]) -> float:
    """Return the seconds of CPU time of a run of the tests."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    run([str(python), "-m", "pytest", *OPTIONS, *words], place, PYTHONPATH=str(ROOT / "runtime"))
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def environment(name: str, work: Path, base: str, needs: tuple[str, ...]) -> Path:
    """Return the interpreter of a virtual environment with pytest and what else is needed."""
    python = work / f"env-{name}" / "bin" / "python"
    if not python.exists():
        subprocess.run([base, "-m", "venv", str(python.parents[1])], check=True)
    subprocess.run([str(python), "-m", "pip", "install", "-q", "wheel", "setuptools_scm", *needs], check=True)
    return python


def leaky(project: Project, work: Path, base: str, turns: int) -> DiscoverRun:
    """Run the tests of a release before its repair."""
    python = environment(project.name, work, base, project.needs)
    folder = sdist(project, project.before, work, python)
    installed(project, folder, python, work)
    place = work / f"discover-{project.name}"
    return discovered(python, place, own_tests(project, folder, place), turns)


def healthy(package: Healthy, work: Path, base: str, turns: int) -> tuple[str, DiscoverRun]:
    """Run the tests of a current release; return its version and what was seen."""
    python = environment(package.name, work, base, ("pytest", package.name, *package.needs))
    asked = f"import importlib.metadata as m; print(m.version({package.name!r}))"
    version = run([str(python), "-c", asked], work).strip()
    place = work / f"discover-{package.name}"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    if package.installed:
        return version, discovered(python, place, ["--pyargs", package.tests], turns)
    build = ("setuptools", "flit_core<4", "hatchling", "hatch-vcs", "hatch-fancy-pypi-readme")
    subprocess.run([str(python), "-m", "pip", "install", "-q", *build], check=True)
    project = Project(package.name, version, "", package.name, (), (), ())
    shutil.copytree(sdist(project, version, work, python) / package.tests, place / "tests")
    return version, discovered(python, place, ["tests"], turns)


def section(name: str, version: str, run: DiscoverRun, work: Path) -> str:
    """Return the section on a package."""
    output, symbols = run.output, run.symbols
    text = re.sub(r"(\.\./)*[\w./-]*(site-packages|lib/python3\.\d+)/", "", output.replace(str(work) + "/", "").strip())
    text = re.sub(r"(?m)^(FAILED|ERROR) .*\n?", "", text)
    named = ", ".join(f"`{symbol}`" for symbol in symbols) or "nothing"
    return f"## {name} {version}\n\nNamed: {named}.\n\n```text\n{text}\n```\n"


def costs(done: dict[str, tuple[str, DiscoverRun]]) -> str:
    """Return the table of what discovery costs."""
    rows = ["## What it costs\n", "| suite | plain, CPU s | with discovery | ratio |", "|---|---|---|---|"]
    for name, (version, seen) in done.items():
        ratio = seen.watched / seen.plain
        rows.append(f"| {name} {version} | {seen.plain:.2f} | {seen.watched:.2f} | {ratio:.2f} |")
    return "\n".join(rows) + "\n"


def _names(symbols: list[str], parts: tuple[str, ...]) -> bool:
    return any(part in symbol for part in parts for symbol in symbols)


def main() -> int:
    """Measure all packages; 1 if a known holder is not named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--old", required=True)
    parser.add_argument("--python", required=True)
    parser.add_argument("--only", default="")
    parser.add_argument("--turns", type=int, default=3)
    args = parser.parse_args()
    work = args.work.absolute()
    work.mkdir(parents=True, exist_ok=True)
    kept = work / "discover.json"
    done: dict[str, tuple[str, DiscoverRun]] = {}
    if kept.exists():
        done = {name: (version, DiscoverRun(*seen)) for name, (version, seen) in json.loads(kept.read_text()).items()}
    for project in PROJECTS:
        if args.only in ("", project.name):
            done[project.name] = project.before, leaky(project, work, args.old, args.turns)
            kept.write_text(json.dumps(done))
    for package in HEALTHY:
        if args.only in ("", package.name):
            done[package.name] = healthy(package, work, args.python, args.turns)
            kept.write_text(json.dumps(done))
    done = {name: done[name] for name in (*KNOWN, *[package.name for package in HEALTHY]) if name in done}
    head = "# What the tests of real packages leave behind\n\nWritten by `benchmarks/in_tests/discover.py`.\n\n"
    sections = [section(name, version, seen, work) for name, (version, seen) in done.items()]
    (HERE / "discover.md").write_text(head + "\n".join([*sections, costs(done)]))
    missed = [name for name, parts in KNOWN.items() if name in done and not _names(done[name][1].symbols, parts)]
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
