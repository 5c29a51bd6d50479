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
import sys
from collections.abc import Iterable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from checking import Report, Row, RunLimits, check, counts, defective, json_lines, named, rows, write
from fetching import unpacked
from judged import judge, judgements, table

HERE = Path(__file__).parent
SAMPLE = 60
SEED = 20261121


def main() -> int:
    """Fetch, check, count and sample."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cache", type=Path, required=True, help="the folder for downloads, sources and reports")
    parser.add_argument("--only", action="append", metavar="NAME", help="a package to check; may be repeated")
    parser.add_argument("--again", action="store_true", help="check anew what has a report already")
    parser.add_argument("--seconds", type=int, default=300, help="give up on a package after this time")
    args = parser.parse_args()
    pins = (HERE / "packages.txt").read_text().split()
    reports = []
    for pin in [pin for pin in pins if not args.only or named(pin)["package"] in args.only]:
        report = checked(pin, args.cache.resolve(), again=args.again, seconds=args.seconds)
        run = report["run"]
        print(f"{pin}: {run['lines']} lines, {run['wall']:.1f} s, {len(report['findings'])} findings", flush=True)
        reports.append(report)
    write(HERE / "counts.json", json.dumps(counts(reports), indent=1) + "\n")
    drawn = sample(reports)
    write(HERE / "findings.jsonl", json_lines(drawn))
    print("\n".join(table(drawn, "code")))
    return 1 if any(map(defective, reports)) else 0


def checked(pin: str, cache: Path, *, again: bool, seconds: float) -> Report:
    """Return the report on one release, made now or kept from before."""
    kept = cache / "reports" / f"{pin}.json"
    if again or not kept.exists():
        write(kept, json.dumps({**check(unpacked(pin, cache), RunLimits(seconds)), "pin": pin}))
    report: Report = json.loads(kept.read_text())
    return report


def sample(reports: Iterable[Report]) -> list[Row]:
    """Draw the findings to judge: the order depends on what is found only, not on when."""
    known = judgements([HERE / "judged.jsonl"])
    every = []
    for report in reports:
        mine = [item for item in known if item["pin"] == report["pin"]]
        every += rows({**report, "findings": list(judge(report["findings"], mine))})
    every.sort(key=key)
    return sorted(random.Random(SEED).sample(every, min(SAMPLE, len(every))), key=key)


def key(row: Row) -> tuple[str, str, str]:
    """Return the place of a finding."""
    return row["package"], row["place"], row["code"]


if __name__ == "__main__":
    sys.exit(main())
