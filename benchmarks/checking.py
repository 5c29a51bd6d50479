"""``leaklint check`` on folders of unpacked releases: what each run came to, a row for each finding, and the counts of all."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

from measuring import Run, measured

LEAKLINT = (sys.executable, "-P", "-m", "leaklint")
#: Everything that a release ships is read, whatever settings or list of ignored files lie beside it.
CHECK = ("check", "--isolated", "--no-respect-gitignore", "--no-cache", "--jobs", "1", "--exit-zero", ".")
LEVELS = ("high", "medium", "low")
SLOWEST = 5

Report = dict[str, Any]
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class RunLimits:
    """The wall seconds of a run; the processor's seconds and the megabytes for each of its processes (0: any amount)."""

    seconds: float
    cpu: float = 0
    megabytes: int = 0


def check(folder: Path, limits: RunLimits, *options: str) -> Report:
    """Return leaklint's report on a folder, with what the run came to as ``run``; empty if there is none."""
    report = reported([*LEAKLINT, *CHECK, *options], folder, limits)
    files = list(folder.rglob("*.py"))
    lines = sum(path.read_bytes().count(b"\n") for path in files if path.is_file())
    report["run"] |= {"files": report.get("summary", {}).get("files", 0), "lines": lines}
    return report


def reported(words: list[str], folder: Path, limits: RunLimits, **variables: str) -> Report:
    """Run a command of leaklint that reports as JSON; return its report with the figures and the crash, if any, as ``run``.

    ``variables`` are added to the environment.
    """
    with tempfile.TemporaryDirectory() as place:
        output, errors = Path(place, "report.json"), Path(place, "errors.txt")
        words = [*words, "--output-format", "json", "--output-file", str(output)]
        environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "TMPDIR": place, **variables}
        bounds = {"cpu": limits.cpu, "megabytes": limits.megabytes}
        run = measured(words, folder, environment, limits.seconds, errors=str(errors), **bounds)
        errors_text = errors.read_text(encoding="utf-8", errors="replace")
        report = _read(output)
    return {"findings": [], "problems": [], **report, "run": {**asdict(run), "crash": _crash(run, report, errors_text)}}


def _read(path: Path) -> Report:
    try:
        found: Report = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found


def _crash(run: Run, report: Report, errors_text: str) -> str:
    """Return the end of what a run said if it failed; a run that was too late has not failed."""
    if run.late or (run.status in (0, 1) and report and "Traceback" not in errors_text):
        return ""
    return errors_text[-2000:] or f"ended with status {run.status}"


def internal(report: Report) -> list[Row]:
    """Return the problems that are the tool's own fault."""
    return [problem for problem in report["problems"] if "internal error" in problem["message"]]


def named(pin: str) -> Row:
    """Return the name and the version in ``name==version``."""
    name, _, version = pin.partition("==")
    return {"package": name, "version": version}


def rows(report: Report) -> Iterator[Row]:
    """Yield the table's rows for the report on one release: what was found, and what an experiment showed of it."""
    for finding in report["findings"]:
        verdict = finding.get("verdict") or {}
        yield {
            **named(report["pin"]),
            **{name: finding[name] for name in ("code", "confidence")},
            "holder": finding["symbol"],
            "place": f"{finding['path']}:{finding['line']}",
            "verdict": verdict.get("status", ""),
            "made_by": verdict.get("made_by", ""),
            "bytes": verdict.get("bytes_per_instance"),
            "reason": verdict.get("reason", ""),
            **{name: finding[name] for name in ("message", "fingerprint", "origin")},
            **{name: finding[name] for name in ("judgement", "why") if name in finding},
        }


def counts(reports: Iterable[Report]) -> Report:
    """Return what all releases came to together, and each alone; with a list of everything that went wrong."""
    packages, wrong = [], []
    sums: Counter[str] = Counter()
    tallies: dict[str, Counter[str]] = {"code": Counter(), "confidence": Counter(), "verdict": Counter()}
    for report in reports:
        found, run = list(rows(report)), report["run"]
        for name, tally in tallies.items():
            tally.update(_kind(name, row) for row in found if row[name])
        sums.update({"packages": 1, "findings": len(found)})
        sums.update({name: run.get(name, 0) for name in ("files", "lines", "cpu")})
        wrong += list(_wrong(report))
        figures = {name: round(run.get(name, 0), 1) for name in ("files", "lines", "cpu", "memory")}
        codes = dict(sorted(Counter(row["code"] for row in found).items()))
        packages.append({"pin": report["pin"], **figures, "findings": codes})
    for kind in ("not fetched", "not installed", "crash", "time-out", "unread", "internal error"):
        sums[kind] = sum(item["what"] == kind for item in wrong)
    memory = max((package["memory"] for package in packages), default=0)
    total: Report = {**sums, "cpu": round(sums["cpu"]), "memory": memory}
    total["findings a 1,000 lines"] = round(1000 * sums["findings"] / max(sums["lines"], 1), 3)
    tables = {name: dict(sorted(tally.items())) for name, tally in tallies.items()}
    return {"total": total, **tables, "slowest": slowest(packages), "wrong": wrong, "packages": packages}


def _kind(name: str, row: Row) -> str:
    return f"{row['verdict']}, {row['confidence']}" if name == "verdict" else row[name]


def _wrong(report: Report) -> Iterator[Row]:
    """Yield everything that kept a release from being read, installed or proven."""
    run, pin = report["run"], report["pin"]
    for stage, did in (("check", run), *report.get("later", {}).items()):
        if did.get("late"):
            yield {"pin": pin, "what": "time-out", "stage": stage, "why": f"not done after {did['cpu']:.0f} CPU s"}
        for what in ("not fetched", "not installed", "crash"):
            if did.get(what):
                yield {"pin": pin, "what": what, "stage": stage, "why": did[what]}
    broken = internal(report)
    for problem in report["problems"]:
        what = "internal error" if problem in broken else "unread"
        yield {
            "pin": pin,
            "what": what,
            "stage": "check",
            "why": f"{problem['path']}:{problem['line']}: {problem['message']}",
        }


def slowest(packages: Iterable[Row]) -> list[Row]:
    """Return the releases that took most processor time for their size, in seconds a 1,000 lines; small ones left out."""
    large = [package for package in packages if package["lines"] >= 2000]
    paced = [
        {"pin": one["pin"], "pace": round(1000 * one["cpu"] / one["lines"], 3), "cpu": one["cpu"]} for one in large
    ]
    return sorted(paced, key=lambda one: -one["pace"])[:SLOWEST]


def defective(report: Report) -> bool:
    """Return whether a run crashed, was not done in time, or met an error of the tool itself."""
    return bool(report["run"].get("crash") or report["run"].get("late") or internal(report))


def write(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)


def json_lines(rows: Iterable[Row]) -> str:
    """Return an object a line."""
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
