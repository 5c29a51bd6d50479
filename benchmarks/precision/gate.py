"""The same findings with the gate on and off: on the packages of ``packages.txt``, at every confidence.

    python benchmarks/precision/gate.py --cache DIR [--only NAME ...] [--at-most LINES]

reads each release below DIR (fetched as ``run.py`` does) with the gate and without it, one process each, compares every
finding with all that it says but its edits and its probe (which may build another of several classes), and prints how
many files were read in full and how many findings differ. Packages of more than LINES lines are left out. The exit
status is 1 if anything differs.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path

from run import HERE, named, size, unpacked

ONE = """
import json, sys, time
from leaklint.config import Settings
from leaklint.engine import check
from leaklint.model import to_json
began = time.process_time()
report = check(["."], Settings(confidence="low", gate=sys.argv[1] == "on"))
found = [{name: one[name] for name in one if name not in {"fix", "probe"}} for one in to_json(report.findings)]
print(json.dumps({"gated": report.summary.gated, "seconds": round(time.process_time() - began, 1), "findings": found}))
"""


def main() -> int:
    """Compare every package."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cache", type=Path, required=True, help="the folder for downloads and sources")
    parser.add_argument("--only", action="append", metavar="NAME", help="a package to compare; may be repeated")
    parser.add_argument("--at-most", type=int, default=10**9, metavar="LINES", help="leave out larger packages")
    args = parser.parse_args()
    pins = [line for line in (HERE / "packages.txt").read_text().split() if not args.only or named(line) in args.only]
    differing = packages = findings = 0
    for pin in pins:
        folder = unpacked(pin, args.cache.resolve())
        measured = size(folder)
        if measured["lines"] > args.at_most:
            continue
        on, off = read(folder, "on"), read(folder, "off")
        only_on, only_off = (told(one) - told(other) for one, other in ((on, off), (off, on)))
        packages += 1
        findings += len(on["findings"])
        differing += bool(only_on or only_off)
        print(
            f"{pin}: {measured['lines']} lines, {measured['files']} files, {on['gated']} read ({on['seconds']} s) against "
            f"{off['gated']} ({off['seconds']} s), {len(on['findings'])} findings, {len(only_on)} and {len(only_off)} differ",
            flush=True,
        )
        for mark, lines in (("on", only_on), ("off", only_off)):
            for line in sorted(lines):
                print(f"  only with the gate {mark}: {line[:240]}")
    print(f"{packages} packages, {findings} findings at every confidence, {differing} packages differ")
    return 1 if differing else 0


def read(folder: Path, gate: str) -> dict[str, object]:
    """Check one folder in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-P", "-c", ONE, gate], check=True, cwd=folder, capture_output=True, text=True
    )
    report: dict[str, object] = json.loads(done.stdout)
    return report


def told(report: dict[str, object]) -> set[str]:
    """Return the findings as texts, place first."""
    findings = report["findings"]
    assert isinstance(findings, list)
    heads = ("path", "line", "code", "confidence")
    return {" ".join(str(one[name]) for name in heads) + " " + json.dumps(one, sort_keys=True) for one in findings}


if __name__ == "__main__":
    sys.exit(main())
