"""Faults while ``leaklint check`` and ``leaklint fix`` run: no torn file, no lost finding, no wrong answer from the cache.

    python benchmarks/faults/faults.py [--times N] [--seed S] [--only NAME]

Each fault is brought about N times on a tree of programs that leak, drawn with a fixed seed, and the next undisturbed check
has to say what one without any cache says:

    killed    a check is killed (SIGKILL) at a random moment, also while it writes its cache; files change in between
    clocks    files get times of the past and the future, and new content under their old time
    damaged   entries of the cache are cut, filled with noise, or swapped
    workers   one of a check's worker processes is killed
    full      files larger than a few bytes cannot be written
    together  several leaklints check and repair one tree at once
    fixing    a repair is killed (SIGKILL) at a random moment

One line of figures a fault. The exit status is 1 if anything was lost, torn or wrong.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

from making import program

LEAKLINT = [sys.executable, "-P", "-m", "leaklint"]
FILES = 24
Report = dict[str, Any]


class FaultyTree:
    """A folder of programs with its cache beside it."""

    def __init__(self, folder: Path, rng: random.Random, files: int = FILES) -> None:
        self.root, self.cache, self.rng = folder / "root", folder / "cache", rng
        self.root.mkdir()
        for number in range(files):
            self.write(number)

    def write(self, number: int) -> None:
        """Give a file other content."""
        (self.root / f"mod{number}.py").write_bytes(program(self.rng))

    def words(self, *options: str, cached: bool = True) -> list[str]:
        """Return the words of a check."""
        memory = ["--cache-dir", str(self.cache)] if cached else ["--no-cache"]
        return [
            *LEAKLINT,
            "check",
            "--isolated",
            "--confidence",
            "low",
            "--output-format",
            "json",
            *memory,
            *options,
            "root",
        ]

    def fix(self, **options: Any) -> subprocess.Popen[bytes]:
        """Start a repair."""
        return self.start([*LEAKLINT, "fix", "--isolated", "--unsafe-fixes", "root"], **options)

    def start(self, words: list[str], **options: Any) -> subprocess.Popen[bytes]:
        """Start a command in the folder above the tree."""
        pipe = subprocess.PIPE
        return subprocess.Popen(words, cwd=self.root.parent, stdout=pipe, stderr=pipe, **options)

    def report(self, *options: str, cached: bool = True) -> Report:
        """Return what a check says."""
        return read_report(self.start(self.words(*options, cached=cached)))

    def wrong(self) -> int:
        """Count what the cache makes differ; each of two runs, for the second one reads what the first wrote."""
        truth = self.report(cached=False)
        return sum(self.report() != truth for _ in range(2)) + ("failed" in truth)


def read_report(process: subprocess.Popen[bytes]) -> Report:
    """Return findings and problems that a check printed, or how it failed."""
    out, err = process.communicate()
    try:
        value = json.loads(out)
        return {"findings": value["findings"], "problems": value["problems"]}
    except (ValueError, KeyError):
        return {"failed": f"status {process.returncode}: {err.decode('utf-8', 'replace')[-300:]}"}


def killed(tree: FaultyTree, times: int) -> tuple[int, int]:
    """Kill checks; return how many were hit while they ran, and how many answers were wrong."""
    hit = wrong = 0
    for number in range(times):
        tree.write(tree.rng.randrange(FILES))
        process = tree.start(tree.words("--jobs", "2"))
        hit += _kill_later(process, tree.rng)
        if number % 4 == 3:
            wrong += tree.wrong()
    return hit, wrong + tree.wrong()


def _kill_later(process: subprocess.Popen[bytes], rng: random.Random) -> int:
    """Kill a process some time after its start; tell whether it still ran."""
    time.sleep(rng.uniform(0.02, 1.5))
    running = process.poll() is None
    process.kill()
    process.communicate()
    return int(running)


def clocks(tree: FaultyTree, times: int) -> tuple[int, int]:
    """Change files and their times; return how many changes there were, and how many answers were wrong."""
    wrong, done = tree.wrong(), 0
    for number in range(times):
        path = tree.root / f"mod{tree.rng.randrange(FILES)}.py"
        was = path.stat()
        if tree.rng.random() < 0.7:
            text = path.read_bytes()
            path.write_bytes(text.replace(b"C.reg", b"C.ger") if b"C.reg" in text else text.replace(b"C.ger", b"C.reg"))
        when = tree.rng.choice([0, 1, was.st_mtime_ns, was.st_mtime_ns, 4_000_000_000 * 10**9, time.time_ns() + 10**12])
        os.utime(path, ns=(when, when))
        done += 1
        if number % 3 == 2:
            wrong += tree.wrong()
    return done, wrong


def damaged(tree: FaultyTree, times: int) -> tuple[int, int]:
    """Damage the cache; return how many entries were damaged, and how many answers were wrong."""
    wrong, done = tree.wrong(), 0
    for _ in range(max(1, times // 4)):
        entries = sorted(path for path in tree.cache.rglob("*") if path.is_file())
        for path in tree.rng.sample(entries, min(8, len(entries))):
            data = path.read_bytes()
            at = tree.rng.randrange(len(data) + 1)
            noise = bytes([tree.rng.randrange(256)])
            other = tree.rng.choice(entries).read_bytes()
            path.write_bytes(
                tree.rng.choice([data[:at], b"", data[:at] + noise + data[at + 1 :], other, b"\0" * len(data)])
            )
            done += 1
        wrong += tree.wrong()
    return done, wrong


def workers(tree: FaultyTree, times: int) -> tuple[int, int]:
    """Kill workers of parallel checks; return how many were hit, and how many answers were wrong."""
    for number in range(FILES, 60):
        tree.write(number)
    for path in tree.root.iterdir():  # large enough that processes are worth their start
        path.write_bytes(path.read_bytes() + b"# " + b"filling " * 1250 + b"\n")
    truth, hit, wrong = tree.report("--jobs", "1", cached=False), 0, 0
    for _ in range(times):
        process = tree.start(tree.words("--jobs", "3", cached=False))
        end = time.monotonic() + 30
        while time.monotonic() < end and process.poll() is None:
            children = _children(process.pid)
            if children:
                time.sleep(tree.rng.uniform(0, 0.2))
                with suppress(OSError):
                    os.kill(tree.rng.choice(children), signal.SIGKILL)
                    hit += 1
                break
            time.sleep(0.005)
        wrong += read_report(process) != truth
    return hit, wrong + ("failed" in truth)


def _children(pid: int) -> list[int]:
    try:
        return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def full(tree: FaultyTree, times: int) -> tuple[int, int]:
    """Let writes fail; return how many runs were so, and how many answers were wrong or files torn."""
    truth, wrong, done = tree.report(cached=False), 0, 0
    for _ in range(max(1, times // 2)):
        limit = tree.rng.choice([0, 1, 100, 1000, 5000])
        wrong += read_report(tree.start(tree.words(), preexec_fn=_no_larger(limit))) != truth
        before = contents(tree.root)
        process = tree.fix(preexec_fn=_no_larger(0))
        process.communicate()
        wrong += contents(tree.root) != before
        done += 2
    return done, wrong + tree.wrong()


def _no_larger(size: int) -> Callable[[], None]:
    """Return what lets no file of a new process grow beyond so many bytes (its pipes are none)."""

    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    return limit


def together(tree: FaultyTree, times: int) -> tuple[int, int]:
    """Check and repair at once; return how many processes there were, and how many answers or files were wrong."""
    wrong = done = 0
    for _ in range(max(1, times // 8)):
        for number in range(FILES):
            tree.write(number)
        before = contents(tree.root)
        truth = tree.report(cached=False)
        checks = [tree.start(tree.words()) for _ in range(3)]
        wrong += sum(read_report(one) != truth for one in checks)
        fixes = [tree.fix() for _ in range(2)]
        ends = [one.communicate() and one.returncode for one in fixes]
        wrong += sum(status not in (0, 1, 2) for status in ends) + torn(tree, before) + tree.wrong()
        done += 5
    return done, wrong


def fixing(tree: FaultyTree, times: int) -> tuple[int, int]:
    """Kill repairs; return how many were hit while they ran, and how many files were torn or answers wrong."""
    hit = wrong = 0
    for _ in range(times):
        before = contents(tree.root)
        process = tree.fix()
        hit += _kill_later(process, tree.rng)
        wrong += torn(tree, before)
        for path in tree.root.glob(".*.leaklint"):
            path.unlink()
        tree.write(tree.rng.randrange(FILES))
    return hit, wrong + tree.wrong()


def contents(root: Path) -> dict[str, bytes]:
    """Return the bytes of all files of a tree, by name."""
    return {path.name: path.read_bytes() for path in root.iterdir()}


def torn(tree: FaultyTree, before: dict[str, bytes]) -> int:
    """Count files that are neither what they were nor a program, and files that are gone or new."""
    import ast

    after = {name: data for name, data in contents(tree.root).items() if not name.endswith(".leaklint")}
    torn = len(after.keys() ^ before.keys())
    for name in after.keys() & before.keys():
        if after[name] != before[name]:
            try:
                ast.parse(after[name])
            except SyntaxError:
                torn += 1
    return torn


FAULTS = {one.__name__: one for one in (killed, clocks, damaged, workers, full, together, fixing)}


def run(name: str, times: int, seed: int) -> tuple[int, int]:
    """Bring a fault about so often; return how often it struck, and what was lost, torn or wrong."""
    with tempfile.TemporaryDirectory(prefix="leaklint-") as folder:
        return FAULTS[name](FaultyTree(Path(folder), random.Random(f"{seed} {name}")), times)


def main(given: str | None, names: Sequence[str], bring: Callable[[str, int, int], tuple[int, int]]) -> int:
    """Bring faults about, count, print."""
    parser = argparse.ArgumentParser(description=given, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=100, help="how often each (default: 100)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", choices=names, action="append", help="one of them; may be repeated")
    args = parser.parse_args()
    bad = 0
    for name in args.only or names:
        started = time.perf_counter()
        struck, wrong = bring(name, args.times, args.seed)
        bad += wrong
        print(f"{name}: {struck} times, {wrong} lost, torn or wrong, {time.perf_counter() - started:.0f} s", flush=True)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(__doc__, list(FAULTS), run))
