"""A package's own tests before and after ``leaklint fix --unsafe-fixes``.

    python benchmarks/repairs/suites.py --cache DIR [--only NAME ...] [--write]

For each release of ``suites.toml`` the source distribution is fetched with pip and unpacked below DIR, installed into a
virtual environment of its own, and its tests are run; then ``leaklint fix --unsafe-fixes`` rewrites the unpacked files and
the same tests run again. What the outcome of each test was is read from pytest's JUnit file, or from the exit status and
the counts of another runner. ``--write`` keeps the page ``suites.md``. Results are kept below DIR and reused.

The exit status is 1 if a repair changed the outcome of a test. Interpreters are those of pyenv or of the path.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from fetching import ONLY_SOURCE, interpreter, unpacked

HERE = Path(__file__).parent
SECONDS = 1500
FIX = [sys.executable, "-P", "-m", "leaklint", "fix", "--unsafe-fixes", "--isolated", "--output-format", "json"]

Row = dict[str, Any]


def main() -> int:
    """Run the suites that have no result yet, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cache", type=Path, required=True, help="the folder for sources, environments and results")
    parser.add_argument("--only", action="append", metavar="NAME", help="a package to run anew; may be repeated")
    parser.add_argument("--write", action="store_true", help="write suites.md")
    args = parser.parse_args()
    packages = tomllib.loads((HERE / "suites.toml").read_text())["package"]
    rows = []
    for package in packages:
        name = package["pin"].partition("==")[0]
        kept = args.cache / "results" / f"{package['pin']}.json"
        if (args.only and name in args.only) or (not args.only and not kept.exists()):
            kept.parent.mkdir(parents=True, exist_ok=True)
            kept.write_text(json.dumps(run(package, args.cache.resolve()), indent=1))
        if kept.exists():
            rows.append(json.loads(kept.read_text()))
            print(f"{rows[-1]['pin']}: {outcome(rows[-1])}", flush=True)
    if args.write:
        (HERE / "suites.md").write_text(page(rows))
    return 1 if any(row["changed"] for row in rows) else 0


def run(package: dict[str, Any], cache: Path) -> Row:
    """Return what happened to one release: repairs, refusals, tests before and after."""
    pin = package["pin"]
    folder = fresh(pin, cache)
    report = repairs(folder, "--check")
    before: Row = {"status": 0, "text": "not run, for no file changes", "each": {}}
    after = before
    if report["repaired"]:
        python = environment(package, folder, cache)
        before = tests(package, folder, python, cache / "junit-before.xml")
        report = repairs(folder)
        after = tests(package, folder, python, cache / "junit-after.xml")
    changed = sorted(name for name in before["each"].keys() | after["each"].keys()
                     if before["each"].get(name) != after["each"].get(name))  # fmt: skip
    if before["status"] != after["status"]:
        changed.append(f"exit status {before['status']}, then {after['status']}")
    return {
        "pin": pin,
        "python": package["python"],
        "test": package["test"],
        "repaired": [row(one) for one in report["repaired"]],
        "left": [{**row(one["finding"]), "reason": one["why"]} for one in report["left"]],
        "changes": [one["diff"] for one in report.get("changes", ())],
        "error": report.get("error", ""),
        "before": before["text"],
        "after": after["text"],
        "changed": changed,
    }


def repairs(folder: Path, *options: str) -> dict[str, Any]:
    """Return what ``leaklint fix`` says of a folder."""
    done = subprocess.run([*FIX, *options, "."], cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode in {0, 1}:
        report: dict[str, Any] = json.loads(done.stdout)
        return report
    return {"repaired": [], "left": [], "error": done.stderr}


def row(finding: dict[str, Any]) -> Row:
    """Return what the page says of a finding."""
    fix = finding["fix"]
    return {"code": finding["code"], "symbol": finding["symbol"], "safety": fix["safety"],
            "replacement": fix["replacement"], "reason": fix["reason"]}  # fmt: skip


def fresh(pin: str, cache: Path) -> Path:
    """Return a fresh folder with the source distribution of a release, fetched if it is not there yet."""
    shutil.rmtree(cache / "sources" / pin, ignore_errors=True)
    return next(path for path in unpacked(pin, cache, ONLY_SOURCE).iterdir() if path.is_dir())


def environment(package: dict[str, Any], folder: Path, cache: Path) -> Path:
    """Return the interpreter of an environment in which the unpacked release is installed as it lies there."""
    place = cache / "environments" / package["pin"]
    python = place / "bin" / "python"
    if not python.exists():
        version = package["python"]
        base = interpreter(version)
        if base is None:
            raise LookupError(f"there is no Python {version}: install it with pyenv or put python{version} on the path")
        subprocess.run([base, "-m", "venv", str(place)], check=True)
    wanted = ["-e", str(folder), *package["requires"]]
    subprocess.run([str(python), "-m", "pip", "install", "--quiet", *wanted], check=True)
    return python


def tests(package: dict[str, Any], folder: Path, python: Path, junit: Path) -> Row:
    """Run the tests once; return the exit status, the last words, and the outcome of each test."""
    words = shlex.split(package["test"])
    words[0] = str(python)
    is_pytest = words[1:3] == ["-m", "pytest"]
    junit.unlink(missing_ok=True)
    if is_pytest:
        words += [f"--junitxml={junit}"]
    own = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    env = {**own, "PATH": f"{python.parent}{os.pathsep}{os.environ['PATH']}", "PYTHONHASHSEED": "0"}
    try:
        done = subprocess.run(words, cwd=folder, env=env, capture_output=True, text=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return {"status": "timeout", "text": f"no end after {SECONDS} s", "each": {}}
    said = (done.stdout if is_pytest else done.stdout + done.stderr).strip().splitlines()
    last = [line for line in said if re.search(r"passed|failed|error|^Ran|^OK|FAILED", line)][-1:] or said[-1:]
    text = re.sub(r" in [\d.:()s ]+", "", last[0] if last else "").strip("= ")
    return {"status": done.returncode, "text": text, "each": outcomes(junit) if junit.exists() else {}}


def outcomes(junit: Path) -> dict[str, str]:
    """Return the outcome of each test of a JUnit file by name."""
    found = {}
    for case in ET.parse(junit).getroot().iter("testcase"):
        kinds = [child.tag for child in case if child.tag in {"failure", "error", "skipped"}]
        found[f"{case.get('classname')}::{case.get('name')}"] = kinds[0] if kinds else "passed"
    return found


def outcome(row: Row) -> str:
    """Return one line on a release."""
    if row["error"]:
        return f"fix failed: {row['error']}"
    same = "as before" if not row["changed"] else f"CHANGED: {', '.join(row['changed'][:5])}"
    return f"{len(row['repaired'])} repaired, {len(row['left'])} left, {row['before']}; after: {row['after']} ({same})"


def page(rows: list[Row]) -> str:
    """Return the page: a table of all releases, then what was repaired and refused in each."""
    lines = [
        "# Test suites before and after `leaklint fix --unsafe-fixes`",
        "",
        "Written by `python benchmarks/repairs/suites.py --cache DIR --write`; the pins and commands are in `suites.toml`.",
        "",
        "| release | Python | repaired | left | tests before | tests after | outcome of each test |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        same = "the same" if not row["changed"] else f"{len(row['changed'])} differ"
        counts = f"{len(row['repaired'])} | {len(row['left'])} | {row['before']} | {row['after']} | {same}"
        lines.append(f"| {row['pin']} | {row['python']} | {counts} |")
    for row in rows:
        lines += ["", f"## {row['pin']}", "", f"    {row['test']}", ""]
        lines += [f"- repaired {one['code']} `{one['symbol']}`: {one['replacement']} ({one['safety']}: {one['reason']})"
                  for one in row["repaired"]]  # fmt: skip
        lines += [f"- left {one['code']} `{one['symbol']}`: {one['reason']}" for one in row["left"]]
        lines += [f"- differs: `{name}`" for name in row["changed"]]
        if row["changes"]:
            lines += ["", "```diff", *"\n".join(row["changes"]).splitlines(), "```"]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
