"""leaklint on far more than a project: 20,000 files and 8 million lines, 1,000 findings to prove, 10,000 tests.

    python benchmarks/faults/scale.py check --from FOLDER [--from FOLDER ...] [--files N] [--lines N] [--limit SECONDS]
    python benchmarks/faults/scale.py verify [--findings N]
    python benchmarks/faults/scale.py pytest [--tests N]

``check`` checks the named folders (standard libraries with their tests, installed packages) in one run, where they are,
and refuses if they are fewer files or lines than asked for. ``verify`` proves so many findings of a generated package.
``pytest`` runs so many trivial tests without and with the plugin. Each prints its figures, and the peak of the memory of
all its processes together (shared pages divided among them); the exit status is 1 if there was an error, a wrong number,
or if it took longer than the limit.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any

LEAKLINT = [sys.executable, "-P", "-m", "leaklint"]


class ProcessWatch:
    """The memory of a process and of all below it (Linux), looked at twice a second."""

    def __init__(self, pid: int) -> None:
        self.peak = self.most = 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, args=(pid,))
        self._thread.start()

    def _look(self, pid: int) -> None:
        while not self._over.wait(0.5):
            sizes = [_size(one) for one in family(pid)]
            self.peak, self.most = max(self.peak, sum(sizes)), max(self.most, len(sizes))

    def stop(self) -> None:
        """Look no more."""
        self._over.set()
        self._thread.join()


def family(pid: int) -> list[int]:
    """Return the process and all that descend from it."""
    found = [pid]
    for one in found:
        with suppress(OSError):
            found += map(int, Path(f"/proc/{one}/task/{one}/children").read_text().split())
    return found


def _size(pid: int) -> int:
    """Return the memory of a process in bytes, its share of what it shares."""
    with suppress(OSError):
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
    return 0


def timed(words: list[str], folder: Path, limit: float | None = None) -> tuple[subprocess.CompletedProcess[bytes], str]:
    """Run a command; return what it printed, and its seconds, processor seconds and peak memory in words."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    process = subprocess.Popen(words, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    watch = ProcessWatch(process.pid)
    try:
        out, err = process.communicate(timeout=limit)
    except subprocess.TimeoutExpired:
        for one in reversed(family(process.pid)):
            with suppress(OSError):
                os.kill(one, signal.SIGKILL)
        out, err = process.communicate()
        err += b"cut off at the limit"
    watch.stop()
    seconds, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    memory = f"at most {watch.peak // 2**20} MB in {watch.most} processes"
    done = subprocess.CompletedProcess(words, process.returncode, out, err)
    return done, f"{seconds:.0f} s ({cpu:.0f} s of processor time), {memory}"


def size(folders: list[Path]) -> tuple[int, int]:
    """Return how many Python files there are below folders, and how many lines they have."""
    files = [path for folder in folders for path in folder.rglob("*.py") if path.is_file()]
    return len(files), sum(path.read_bytes().count(b"\n") for path in files)


def check(args: argparse.Namespace) -> bool:
    """Check folders in one run; tell whether there was no error and every file was seen."""
    folders = [folder.resolve() for folder in args.origins]
    count, total = size(folders)
    print(f"check: {count} files, {total} lines", flush=True)
    if count < args.files or total < args.lines:
        print(f"check: fewer than {args.files} files or {args.lines} lines")
        return False
    words = [*LEAKLINT, "check", "--isolated", "--no-cache", "--exclude", "no-such", "--output-format", "json"]
    with tempfile.TemporaryDirectory(prefix="leaklint-") as name:
        done, cost = timed([*words, *map(str, folders)], Path(name), args.limit)
    report = _report(done)
    codes = Counter(item["code"] for item in report.get("findings", ()))
    text = ", ".join(f"{code} {number}" for code, number in sorted(codes.items()))
    summary = report.get("summary", {})
    print(f"check: status {done.returncode}, {len(report.get('problems', ()))} problems, {cost}")
    print(f"check: {summary.get('files')} files read, {summary.get('gated')} in full, findings: {text}")
    return done.returncode in (0, 1) and summary.get("files") == count and not done.stderr


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
    one.add_argument("--from", type=Path, action="append", required=True, dest="origins", metavar="FOLDER")
    one.add_argument("--files", type=int, default=20_000)
    one.add_argument("--lines", type=int, default=8_000_000)
    one.add_argument("--limit", type=float, default=900.0, help="seconds (default: 900)")
    choice.add_parser("verify").add_argument("--findings", type=int, default=1000)
    choice.add_parser("pytest").add_argument("--tests", type=int, default=10_000)
    args = parser.parse_args()
    return 0 if {"check": check, "verify": verify, "pytest": pytest}[args.what](args) else 1


if __name__ == "__main__":
    sys.exit(main())
