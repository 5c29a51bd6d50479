"""What watching costs on Jinja2's own suite, beside other ways to look for leaks in tests, in one interleaved run.

    python benchmarks/in_tests/overhead.py --work FOLDER [--rounds 5] [--one]

What earlier calls in FOLDER have measured is kept; ``--one`` takes the next measurement and stops. Makes a virtual
environment in FOLDER and fetches Jinja2 from pip's index. ``planted`` is a copy of Jinja2 in which every environment is
entered into a dict of its class, so that most tests leave something behind. The figures are seconds of CPU time of the
whole process, start included, which other work on the machine hardly moves: the median of the rounds, and the ratio to
plain pytest on the same copy. Written to ``overhead.md``.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import resource
import shutil
import statistics
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parents[1]))

from fetching import ONLY_SOURCE, downloaded, extract

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
JINJA = "3.1.6"
SLOW_ROUNDS = 1
NEEDS = ("pytest", "trio", "markupsafe", "pytest-memray", "pytest-leaks", "setuptools", "flit_core<4")
QUIET = ("-q", "-p", "no:cacheprovider", "-p", "no:memray", "-p", "no:leaks", "--tb=no", "-W", "ignore")
TWICE = """\
import gc

import pytest


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_protocol(item):
    gc.collect()
    yield
    gc.collect()
"""


class Way(NamedTuple):
    """One way to run the suite: on which copy, and with which options instead of those that keep plugins out."""

    name: str
    copy: str
    options: tuple[str, ...]
    slow: bool = False


WATCH = ("-p", "leaklint_runtime.pytest_plugin", "--leaklint", "--leaklint-exit-zero")
WAYS = (
    Way("plain pytest", "jinja", QUIET),
    Way("`--leaklint` (no finding)", "jinja", (*QUIET, *WATCH, "--leaklint-findings", "../jinja.json")),
    Way("plugin loaded, nothing asked", "jinja", (*QUIET, "-p", "leaklint_runtime.pytest_plugin")),
    Way("plain pytest, planted", "planted", QUIET),
    Way("`--leaklint`, planted", "planted", (*QUIET, *WATCH, "--leaklint-findings", "../planted.json")),
    Way("two collections a test", "jinja", (*QUIET, "-p", "twice"), True),
    Way("pytest-memray, `--memray`", "jinja", ("-q", "-p", "no:cacheprovider", "-p", "no:leaks", "--tb=no", "--memray"), True),
    Way(
        "pytest-leaks, `-R 1:1`", "jinja",
        ("-q", "-p", "no:cacheprovider", "-p", "no:memray", "--tb=no", "-R", "1:1", "-W", "ignore"), True,
    ),
)  # fmt: skip


def prepared(work: Path) -> Path:
    """Make the environment and the copies; return the interpreter."""
    python = work / "env" / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(python.parents[1])], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "-q", *NEEDS], check=True)
    if not (work / "planted").exists():
        options = (*ONLY_SOURCE, "--no-build-isolation")
        downloaded(f"jinja2=={JINJA}", work / "files" / "jinja", options, python)
        extract(work / "files" / "jinja", work / "sources")
        next((work / "sources").iterdir()).rename(work / "jinja")
        shutil.copytree(work / "jinja", work / "planted")
        plant(work / "planted" / "src" / "jinja2" / "environment.py")
        for name in ("jinja", "planted"):
            (work / name / "twice.py").write_text(TWICE)
            words = [sys.executable, "-m", "leaklint", "check", "--exit-zero", "--output-format", "json"]
            place = work / name / "src" / "jinja2"
            subprocess.run([*words, "--output-file", str(work / f"{name}.json"), str(place)], check=True)
    return python


def plant(file: Path) -> None:
    """Have the class ``Environment`` keep its instances."""
    text = file.read_text()
    head = re.search(r"class Environment:\n(.*?\n)    #: if this environment is sandboxed", text, re.DOTALL)
    assert head is not None
    text = text[: head.end(1)] + "    _made: t.Dict[int, t.Any] = {}\n\n" + text[head.end(1) :]
    start = "        self.block_start_string = block_start_string"
    file.write_text(text.replace(start, f"        Environment._made[id(self)] = self\n{start}", 1))


def seconds(python: Path, work: Path, way: Way) -> tuple[float, str]:
    """Run the suite once; return the seconds of CPU time, and how many tests did what."""
    folder = work / way.copy
    path = os.pathsep.join([str(folder / "src"), str(folder), str(ROOT / "runtime")])
    words = [str(python), "-m", "pytest", *way.options, "tests"]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        words, cwd=folder, capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": path}
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    found = re.findall(r"(?m)^=* ?(\d+ .*) in [\d.]+s", done.stdout)
    if not found:
        return float("nan"), (done.stdout + done.stderr).strip().splitlines()[-1][:100]
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, found[-1]


def main() -> int:
    """Measure and write the table; 1 if watching costs more than a tenth."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--one", action="store_true", help="take one more measurement and stop")
    args = parser.parse_args()
    work = args.work.absolute()
    work.mkdir(parents=True, exist_ok=True)
    python = prepared(work)
    kept = work / "times.json"
    runs: list[tuple[str, float, str]] = json.loads(kept.read_text()) if kept.exists() else []
    order = [way for _ in range(args.rounds) for way in WAYS if not way.slow]
    order += [way for _ in range(SLOW_ROUNDS) for way in WAYS if way.slow]
    for way in order[len(runs) :][: 1 if args.one else None]:
        runs.append((way.name, *seconds(python, work, way)))
        print(*runs[-1], flush=True)
        kept.write_text(json.dumps(runs))
    return written({way.name: [run for run in runs if run[0] == way.name] for way in WAYS}, python)


def written(runs: dict[str, list[tuple[str, float, str]]], python: Path) -> int:
    """Write the table; 1 if watching costs more than a tenth."""
    times = {name: [spent for _, spent, _ in found] for name, found in runs.items()}
    rows, worst = [], 0.0
    for way in WAYS:
        mine = times[way.name]
        if not mine:
            continue
        plain = statistics.median(times["plain pytest" if way.copy == "jinja" else "plain pytest, planted"])
        median = statistics.median(mine)
        worst = max(worst, median / plain if "--leaklint" in way.options else 0.0)
        summary = runs[way.name][-1][2]
        figures = [f"{value:.2f}" if value == value else "-" for value in (median, median / plain, min(mine))]
        rows.append(f"| {way.name} | {' | '.join(figures)} | {len(mine)} | {summary} |")
    version = subprocess.run([str(python), "-V"], capture_output=True, text=True, check=True).stdout.strip()
    head = (
        f"# What watching costs\n\nJinja2 {JINJA}'s own suite on {version}, written by `benchmarks/in_tests/overhead.py`: the "
        "ways take turns, the slow ones\ncome last and once. `planted` is a copy in which every environment is kept for "
        "good.\n\n| way | median CPU s | ratio to plain | fastest s | runs | outcome |\n|---|---|---|---|---|---|\n"
    )
    (HERE / "overhead.md").write_text(head + "\n".join(rows) + "\n")
    return 1 if worst > 1.1 else 0


if __name__ == "__main__":
    sys.exit(main())
