"""Releases that shipped a leak, proven by experiment: confirmed before, refuted after.

    python benchmarks/proof/releases.py --cache DIR [--only NAME ...] [--write]

makes for each case of ``releases.toml`` two virtual environments below DIR (from the Python named there, on the path
or under pyenv; a case without one is skipped and says so), proves the finding in both, and prints a table. ``--write``
keeps the table in ``releases.md``. The exit status is 1 if a "before" is not confirmed or an "after" is.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from fetching import interpreter

from leaklint_runtime import client
from leaklint_runtime.child import Options
from leaklint_runtime.wire import CONFIRMED, UNREACHED, WireProbe, WireVerdict

HERE = Path(__file__).parent
SILENT = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}


def main() -> int:
    """Run the cases and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cache", type=Path, required=True, help="the folder for the environments")
    parser.add_argument("--only", action="append", metavar="NAME", help="a case to run; may be repeated")
    parser.add_argument("--write", action="store_true", help="keep the table in releases.md")
    args = parser.parse_args()
    cases = tomllib.loads((HERE / "releases.toml").read_text())
    rows, defects = [], 0
    for name, case in cases.items():
        if args.only and name not in args.only:
            continue
        row, good = run(name, case, args.cache)
        print(row, flush=True)
        rows.append(row)
        defects += not good
    if args.write:
        (HERE / "releases.md").write_text(page(rows))
    return 1 if defects else 0


def run(name: str, case: dict[str, Any], cache: Path) -> tuple[str, bool]:
    """Prove one case before and after; return its row and whether both verdicts are as they should be."""
    base = interpreter(case["python"])
    if base is None:
        return f"| {name} | skipped: no Python {case['python']} | | | |", True
    verdicts = []
    for when in ("before", "after"):
        python = environment(cache / f"{name}-{case[when]}", base, case, case[when])
        if python is None:
            return f"| {name} | skipped: {case['package']} {case[when]} does not install | | | |", True
        verdicts.append(prove(case, python))
    before, after = verdicts
    good = before.status == CONFIRMED and after.status not in (CONFIRMED, UNREACHED)
    made = f"`scenarios/{case['scenario']}`" if "scenario" in case else before.made_by
    cells = [f"{case['package']} {case['before']} → {case['after']}", in_words(before), in_words(after), made]
    return f"| {' | '.join(cells)} | {'' if good else 'DEFECT'} |", good


def in_words(verdict: WireVerdict) -> str:
    """Return a verdict in a few words."""
    alive = f", {verdict.survivors} of {verdict.created} alive" if verdict.survivors else ""
    grown = f", {verdict.container_growth:+.2f} entries each" if verdict.container_growth else ""
    cause = f"; {verdict.cause.partition(';')[0]}" if verdict.cause else ""
    why = f": {verdict.reason}" if verdict.status == UNREACHED else ""
    return f"**{verdict.status}**{why}{alive}{grown}{cause} ({verdict.seconds:.2f} s)"


def prove(case: dict[str, Any], python: Path) -> WireVerdict:
    """Return the verdict on a case in one environment."""
    probe = WireProbe(
        code="LK101",
        symbol=f"{case['module']}:{case['container']}",
        fingerprint="0" * 16,
        root="",
        module=case["module"],
        file="",
        container=case["container"],
        container_kind=case["kind"],
        subject=case.get("subject", ""),
        trigger=case.get("trigger", "construct"),
        track=case.get("track", "subject"),
    )
    scenarios = (str(HERE / "scenarios" / case["scenario"]),) if "scenario" in case else ()
    return client.prove([probe], Options(scenarios=scenarios, timeout=60), str(python))[0]


def environment(folder: Path, base: str, case: dict[str, Any], version: str) -> Path | None:
    """Return the interpreter of an environment with that release, or None if it does not install."""
    python = folder.absolute() / "bin" / "python"
    if (folder / "ready").exists():
        return python
    shutil.rmtree(folder, ignore_errors=True)
    subprocess.run([base, "-m", "venv", str(folder)], check=True)
    wanted = [f"{case['package']}=={version}", *case.get("requirements", ())]
    done = subprocess.run([str(python), "-m", "pip", "install", "--quiet", *wanted], check=False, **SILENT)
    if done.returncode:
        return None
    (folder / "ready").touch()
    return python


def page(rows: list[str]) -> str:
    """Return the table as a page."""
    head = "| release | before | after | made by | |\n|---|---|---|---|---|\n"
    text = """# Releases proven by experiment

Written by `python benchmarks/proof/releases.py --write`; the cases, and what fills each container, are in
`releases.toml`. A repair by weak references, or by a cache that each instance owns, is refuted (`gc-lag` where the
instance and its cache form a cycle); one by eviction is bounded.

"""
    return text + head + "".join(f"{row}\n" for row in rows)


if __name__ == "__main__":
    sys.exit(main())
