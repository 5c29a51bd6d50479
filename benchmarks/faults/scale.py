"""leaklint on far more than a project: 20,000 files and 8 million lines, 1,000 findings to prove, 10,000 tests.

    python benchmarks/faults/scale.py check --corpus DIR --from FOLDER [--from FOLDER ...] [--files N] [--lines N]
    python benchmarks/faults/scale.py verify [--findings N]
    python benchmarks/faults/scale.py pytest [--tests N]

``check`` copies the Python files below the named folders (standard libraries, installed packages) to DIR, again and again
under other names, until there are so many files and lines, and checks them in one run. ``verify`` proves so many findings
of a generated package, every other of which is bounded by a removal. ``pytest`` runs so many trivial tests without and with
the plugin. Each prints one line of figures; the exit status is 1 if there was an error or a wrong number.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

LEAKLINT = [sys.executable, "-P", "-m", "leaklint"]


def timed(words: list[str], folder: Path) -> tuple[subprocess.CompletedProcess[bytes], str]:
    """Run a command; return what it printed, and its seconds, processor seconds and peak memory in words."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(words, cwd=folder, capture_output=True, check=False)
    seconds, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return done, f"{seconds:.0f} s ({cpu:.0f} s of processor time), at most {after.ru_maxrss // 1024} MB in one process"


def grow(corpus: Path, origins: list[Path], files: int, lines: int) -> tuple[int, int]:
    """Copy files below ``origins`` to ``corpus`` until there are enough; return how many files and lines there are."""
    count = total = turn = 0
    while count < files or total < lines:
        before = count
        for number, origin in enumerate(origins):
            target = corpus / f"copy{turn}_{number}"
            for top, folders, names in os.walk(origin):
                folders[:] = [name for name in folders if name not in ("__pycache__", "test", "tests")]
                for name in names:
                    if name.endswith(".py") and os.path.isfile(os.path.join(top, name)):
                        place = target / os.path.relpath(top, origin) / name
                        place.parent.mkdir(parents=True, exist_ok=True)
                        shutil.copyfile(os.path.join(top, name), place)
                        count += 1
                        total += place.read_bytes().count(b"\n")
            if count >= files and total >= lines:
                break
        if count == before:
            raise SystemExit("no Python files below --from")
        turn += 1
    return count, total


def check(args: argparse.Namespace) -> bool:
    """Check a corpus in one run; tell whether there was no error and every file was seen."""
    count, total = grow(args.corpus, args.origins, args.files, args.lines)
    words = [*LEAKLINT, "check", "--isolated", "--no-cache", "--exclude", "no-such", "--output-format", "json", "."]
    done, cost = timed(words, args.corpus)
    report = _report(done)
    codes = Counter(item["code"] for item in report.get("findings", ()))
    told = ", ".join(f"{code} {number}" for code, number in sorted(codes.items()))
    summary = report.get("summary", {})
    print(
        f"check: {count} files, {total} lines, status {done.returncode}, {len(report.get('problems', ()))} problems, {cost}"
    )
    print(f"check: {summary.get('files')} files read, {summary.get('gated')} in full, findings: {told}")
    return done.returncode == 1 and summary.get("files") == count and not done.stderr


def verify(args: argparse.Namespace) -> bool:
    """Prove many findings in one run; tell whether every verdict is as it must be."""
    with tempfile.TemporaryDirectory(prefix="leaklint-") as name:
        folder = Path(name)
        for number in range(0, args.findings, 10):
            text = "".join(_leaking(one) for one in range(number, min(number + 10, args.findings)))
            (folder / f"part{number}.py").write_text(text)
        words = [*LEAKLINT, "verify", "--isolated", "--output-format", "json", "--jobs", "2", "."]
        done, cost = timed(words, folder)
    report = _report(done)
    verdicts = Counter(item["verdict"]["status"] for item in report.get("findings", ()))
    print(f"verify: {dict(verdicts)}, status {done.returncode}, {cost}")
    return verdicts == {"confirmed": args.findings}


def _leaking(number: int) -> str:
    """Return a class that leaks; each container has a name of its own, as each is looked for in all files."""
    return (
        f"class Kept{number}:\n    every{number} = []\n\n    def __init__(self):\n"
        f"        self.number = {number}\n        Kept{number}.every{number}.append(self)\n\n\n"
    )


def pytest(args: argparse.Namespace) -> bool:
    """Run many tests without and with the plugin; tell whether all passed."""
    with tempfile.TemporaryDirectory(prefix="leaklint-") as name:
        folder = Path(name)
        (folder / "app.py").write_text(_leaking(0))
        for number in range(0, args.tests, 500):
            tests = "".join(
                f"def test_{one}():\n    assert {one} >= 0\n\n\n" for one in range(min(500, args.tests - number))
            )
            (folder / f"test_part{number}.py").write_text(f"import app\n\n\n{tests}")
        good = True
        for label, more in (("without", ["-p", "no:leaklint"]), ("with", ["--leaklint"])):
            words = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *more, "."]
            done, cost = timed(words, folder)
            last = done.stdout.decode("utf-8", "replace").strip().splitlines()[-1:]
            print(f"pytest {label} the plugin: {last[0] if last else ''}, status {done.returncode}, {cost}", flush=True)
            good &= done.returncode == 0 and f"{args.tests} passed" in "".join(last)
    return good


def _report(done: subprocess.CompletedProcess[bytes]) -> dict[str, Any]:
    try:
        value: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        print(f"no report: {done.stderr.decode('utf-8', 'replace')[-1000:]}")
        return {}
    return value


def main() -> int:
    """Run one of the three."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    choice = parser.add_subparsers(dest="what", required=True)
    one = choice.add_parser("check")
    one.add_argument("--corpus", type=Path, required=True, help="an empty folder for the files")
    one.add_argument("--from", type=Path, action="append", required=True, dest="origins", metavar="FOLDER")
    one.add_argument("--files", type=int, default=20_000)
    one.add_argument("--lines", type=int, default=8_000_000)
    choice.add_parser("verify").add_argument("--findings", type=int, default=1000)
    choice.add_parser("pytest").add_argument("--tests", type=int, default=10_000)
    args = parser.parse_args()
    return 0 if {"check": check, "verify": verify, "pytest": pytest}[args.what](args) else 1


if __name__ == "__main__":
    sys.exit(main())
