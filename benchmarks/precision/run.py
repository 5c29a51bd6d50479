"""What the default selection shows on popular packages, and a random sample of it to judge.

    python benchmarks/precision/run.py --cache DIR [--only NAME ...] [--again] [--seconds N]

fetches the releases of ``packages.txt`` with pip (wheels where there are some; nothing of them is run), unpacks them
below DIR, runs ``leaklint check`` on one after the other, and writes ``counts.json`` (files, lines, seconds, findings
of each code, problems and crashes of each package) and ``findings.jsonl``: a sample of 60 drawn with a fixed seed,
each with the verdict of ``judged.jsonl`` if it has one. Reports are kept below DIR and reused, unless ``--again``.
The exit status is 1 if a run crashed or met an internal error.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from fetching import unpacked

HERE = Path(__file__).parent
SAMPLE = 60
SEED = 20261121
CHECK = [
    sys.executable,
    "-P",
    "-m",
    "leaklint",
    "check",
    "--output-format",
    "json",
    "--exit-zero",
    "--isolated",
    "--no-cache",
    ".",
]

Report = dict[str, Any]
Row = dict[str, Any]


def main() -> int:
    """Fetch, check, count and sample."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cache", type=Path, required=True, help="the folder for downloads, sources and reports")
    parser.add_argument("--only", action="append", metavar="NAME", help="a package to check; may be repeated")
    parser.add_argument("--again", action="store_true", help="check anew what has a report already")
    parser.add_argument("--seconds", type=int, default=300, help="give up on a package after this time")
    args = parser.parse_args()
    pins = [line for line in (HERE / "packages.txt").read_text().split() if not args.only or named(line) in args.only]
    reports = []
    for pin in pins:
        report = checked(pin, args.cache.resolve(), again=args.again, seconds=args.seconds)
        print(f"{pin}: {report['lines']} lines, {report['seconds']} s, {len(report['findings'])} findings", flush=True)
        reports.append(report)
    (HERE / "counts.json").write_text(json.dumps(counts(reports), indent=1) + "\n")
    rows = sample(reports)
    (HERE / "findings.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    print(precision(rows))
    return 1 if any(report["crash"] or internal(report) for report in reports) else 0


def named(pin: str) -> str:
    """Return the name in ``name==version``."""
    return pin.partition("==")[0]


def checked(pin: str, cache: Path, *, again: bool, seconds: int) -> Report:
    """Return the report on one release, made now or kept from before."""
    kept = cache / "reports" / f"{pin}.json"
    if kept.exists() and not again:
        report: Report = json.loads(kept.read_text())
        return report
    folder = unpacked(pin, cache)
    report = {"package": named(pin), "version": pin.partition("==")[2], **size(folder), **check(folder, seconds)}
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_text(json.dumps(report))
    return report


def size(folder: Path) -> Report:
    """Count the Python files below ``folder`` and their lines."""
    files = list(folder.rglob("*.py"))
    return {"files": len(files), "lines": sum(path.read_bytes().count(b"\n") for path in files)}


def check(folder: Path, seconds: int) -> Report:
    """Run ``leaklint check`` in ``folder``; ``crash`` is the end of what it printed if there is no report."""
    began = time.monotonic()
    try:
        done = subprocess.run(CHECK, check=False, cwd=folder, capture_output=True, text=True, timeout=seconds)
        said = json.loads(done.stdout) if done.returncode == 0 else {}
        crash = "" if done.returncode == 0 and "Traceback" not in done.stderr else done.stderr[-2000:]
    except subprocess.TimeoutExpired:
        said, crash = {}, f"not done after {seconds} s"
    found = {"findings": said.get("findings", []), "problems": said.get("problems", []), "crash": crash}
    return {"seconds": round(time.monotonic() - began, 1), **found}


def internal(report: Report) -> list[Row]:
    """Return the problems that are the tool's own fault."""
    return [problem for problem in report["problems"] if "internal" in json.dumps(problem)]


def counts(reports: Iterable[Report]) -> Report:
    """Return what each package came to, and the totals."""
    packages = []
    total: Counter[str] = Counter()
    sums: Counter[str] = Counter()
    for report in reports:
        codes = Counter(finding["code"] for finding in report["findings"])
        total += codes
        for key in ("files", "lines"):
            sums[key] += report[key]
        sums["problems"] += len(report["problems"])
        sums["internal errors"] += len(internal(report))
        sums["crashes"] += bool(report["crash"])
        head = {key: report[key] for key in ("package", "version", "files", "lines", "seconds", "crash")}
        problems = sorted({problem["message"] for problem in report["problems"]})
        packages.append({**head, "problems": problems, "findings": dict(sorted(codes.items()))})
    sums["packages"] = len(packages)
    return {"total": {**dict(sorted(sums.items())), "findings": dict(sorted(total.items()))}, "packages": packages}


def sample(reports: Iterable[Report]) -> list[Row]:
    """Draw the findings to judge: the order depends on what is found only, not on when."""
    verdicts = {key(row): row for row in lines(HERE / "judged.jsonl")}
    every = [row for report in reports for row in rows_of(report)]
    every.sort(key=key)
    chosen = sorted(random.Random(SEED).sample(every, min(SAMPLE, len(every))), key=key)
    return [{**row, **verdict(verdicts.get(key(row), {}))} for row in chosen]


def rows_of(report: Report) -> Iterable[Row]:
    """Yield what tells a finding of one package from every other."""
    for finding in report["findings"]:
        place = {"package": report["package"], "version": report["version"], "file": finding["path"]}
        yield {**place, **{name: finding[name] for name in ("line", "code", "confidence", "message")}}


def key(row: Row) -> tuple[str, str, int, str]:
    """Return the place of a finding."""
    return row["package"], row["file"], row["line"], row["code"]


def verdict(row: Row) -> Row:
    """Return what a reader judged, if one did."""
    return {"judgement": row.get("judgement", "not judged"), "why": row.get("why", "")}


def lines(path: Path) -> list[Row]:
    """Return the objects of a file with one a line."""
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def precision(rows: Iterable[Row]) -> str:
    """Return a table of verdicts, a line a code."""
    by_code: dict[str, Counter[str]] = {}
    for row in rows:
        for code in (row["code"], "all"):
            by_code.setdefault(code, Counter())[row["judgement"]] += 1
    head = ["| code | leak | arguable | false | not judged |", "|---|---|---|---|---|"]
    words = ("leak", "arguable", "false", "not judged")
    body = [f"| {code} | " + " | ".join(str(n[word]) for word in words) + " |" for code, n in sorted(by_code.items())]
    return "\n".join(head + body)


if __name__ == "__main__":
    sys.exit(main())
