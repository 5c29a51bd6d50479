"""One run of one tool on one driver, in an environment of its own; the raw report is kept, so it can be judged again."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import reading
from cases import LeakCase
from environments import both, interpreter, peers, release

IN_TARGET = Path(__file__).parent / "in_target"


class ToolFailedError(Exception):
    """A tool gave no report; the text says how it ended."""


@dataclass(frozen=True, slots=True)
class Workplace:
    """Where environments and raw reports are, how leaklint is started, and how long a run may take in seconds."""

    envs: Path
    out: Path
    leaklint: str
    seconds: float
    reuse: bool


@dataclass(frozen=True, slots=True)
class ToolRun:
    """A tool's turn: the case, the side, its release, and the file for the raw report."""

    case: LeakCase
    version: str
    raw: Path
    bench: Workplace

    @property
    def warm_up(self) -> int:
        """Return how many rounds precede those that a peer measures: half as many."""
        return self.case.rounds // 2


def reported(tool: str, run: ToolRun) -> reading.ToolReport:
    """Let a tool look at a release, or read what it said before. Raises ``ToolFailedError``, ``MissingEnvironmentError``."""
    if not (run.raw.exists() and (run.bench.reuse or tool in SHARED)):
        run.raw.parent.mkdir(parents=True, exist_ok=True)
        run.raw.unlink(missing_ok=True)
        STARTERS[tool](run)
    if not run.raw.exists():
        raise ToolFailedError("no report")
    return read(tool, run.raw, run.case)


def read(tool: str, raw: Path, case: LeakCase) -> reading.ToolReport:
    """Read the raw report of a tool. Raises ``ToolFailedError`` if it is none."""
    text = raw.read_text(encoding="utf-8")
    try:
        return READERS[tool](text, case)
    except (ValueError, KeyError, TypeError) as error:
        raise ToolFailedError(f"no report in {raw}: {error!r}") from error


def _started(words: list[str], run: ToolRun, environment: Mapping[str, str] | None = None) -> int:
    raw, log = run.raw, run.raw.with_suffix(".log")
    variables = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", **(environment or {})}
    scratch = raw.with_suffix(".dir")
    scratch.mkdir(exist_ok=True)
    with log.open("w", encoding="utf-8") as output:
        try:
            done = subprocess.run(
                words, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, cwd=scratch,
                env=variables, timeout=run.bench.seconds, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired as error:
            raise ToolFailedError(f"not done after {run.bench.seconds:.0f} s") from error
    return done.returncode


def _leaklint(run: ToolRun) -> None:
    python = interpreter(release(run.case, run.version, run.bench.envs))
    json_file = run.raw.with_suffix(".profile")
    json_file.unlink(missing_ok=True)
    words = [*shlex.split(run.bench.leaklint), "profile", f"{run.case.driver_file}:work", "--no-check"]
    words += ["--rounds", str(run.case.rounds), "--python", str(python), "--timeout", f"{run.bench.seconds:.0f}"]
    status = _started([*words, "--output-format", "json", "--output-file", str(json_file)], run)
    if status not in (0, 1) or not json_file.exists():
        raise ToolFailedError(f"status {status}, see {run.raw.with_suffix('.log')}")
    run.raw.write_text(json.dumps({"status": status, "profile": json.loads(json_file.read_text(encoding="utf-8"))}))


def _inside(script: str, run: ToolRun, *others: str) -> None:
    python = interpreter(both(run.case, run.version, run.bench.envs))
    counts = [str(run.case.rounds), str(run.warm_up)]
    words = [str(python), str(IN_TARGET / script), str(run.case.driver_file), *counts, str(run.raw), *others]
    status = _started(words, run)
    if status or not run.raw.exists():
        run.raw.unlink(missing_ok=True)
        raise ToolFailedError(f"status {status}, see {run.raw.with_suffix('.log')}")


def _memray(run: ToolRun) -> None:
    results, table = run.raw.with_suffix(".bin"), run.raw.with_suffix(".csv")
    results.unlink(missing_ok=True)
    _inside("with_memray.py", run, str(results))
    run.raw.unlink()
    python = interpreter(peers(run.case.python, run.bench.envs))
    status = _started(
        [str(python), "-m", "memray", "transform", "csv", "--leaks", "-f", "-o", str(table), str(results)], run
    )
    results.unlink()
    if status or not table.exists():
        raise ToolFailedError(f"memray's reporter ended with status {status}")
    table.rename(run.raw)


def _scalene(run: ToolRun) -> None:
    python = interpreter(both(run.case, run.version, run.bench.envs))
    options = ["--memory", "--profile-all", "--profile-system-libraries", "--allocation-sampling-window", "65537"]
    command = ["run", *options, "-o"]
    if run.case.python == "3.8":  # the last release for it has no commands
        command = ["--json", *[word for word in options if word != "--profile-system-libraries"], "--outfile"]
    program = [
        str(IN_TARGET / "plain.py"),
        "---",
        str(run.case.driver_file),
        str(run.case.rounds),
        str(run.warm_up),
        "-",
    ]
    status = _started([str(python), "-m", "scalene", *command, str(run.raw), *program], run)
    if not run.raw.exists():
        raise ToolFailedError(f"status {status}, see {run.raw.with_suffix('.log')}")
    profile = json.loads(run.raw.read_text(encoding="utf-8"))  # of tens of megabytes, for the sake of stacks
    leaks = {file: {"leaks": facts["leaks"]} for file, facts in profile["files"].items() if facts.get("leaks")}
    run.raw.write_text(json.dumps({"files": leaks, "growth_rate": profile.get("growth_rate")}), encoding="utf-8")


STARTERS: dict[str, Callable[[ToolRun], None]] = {
    "leaklint": _leaklint,
    "memray": _memray,
    "tracemalloc": lambda run: _inside("with_tracemalloc.py", run),
    "objgraph": lambda run: _inside("with_objgraph.py", run, run.case.type),
    "objgraph, type known": lambda run: _inside("with_objgraph.py", run, run.case.type),
    "Pympler, type known": lambda run: _inside("with_pympler.py", run, run.case.type),
    "scalene": _scalene,
}


def _profile(text: str, case: LeakCase) -> reading.ToolReport:
    values: dict[str, Any] = json.loads(text)
    return reading.from_leaklint(json.dumps(values["profile"]), values["status"])


READERS: dict[str, Callable[[str, LeakCase], reading.ToolReport]] = {
    "leaklint": _profile,
    "memray": lambda text, case: reading.from_memray(text, case.rounds),
    "tracemalloc": lambda text, case: reading.from_tracemalloc(json.loads(text), case.rounds),
    "objgraph": lambda text, case: reading.from_objgraph(json.loads(text), case.rounds, None),
    "objgraph, type known": lambda text, case: reading.from_objgraph(json.loads(text), case.rounds, case.type),
    "Pympler, type known": lambda text, case: reading.from_pympler(json.loads(text), case.rounds),
    "scalene": lambda text, case: reading.from_scalene(json.loads(text)),
}
TOOLS = tuple(STARTERS)
#: Tools whose raw report is that of another, which has its turn before them.
SHARED = {"objgraph, type known": "objgraph"}


def raw_report(tool: str, case: LeakCase, side: str, out: Path) -> Path:
    """Return the file for a tool's raw report on a side of a case."""
    return out / case.id / f"{SHARED.get(tool, tool).split(',')[0].lower()}-{side}.json"
