"""A process that is killed while it writes repairs: every file is the old one or the new one.

    python benchmarks/faults/writing.py [--moments N] [--timed N] [--write]

A child process writes new contents of three files (line feeds; carriage returns; a byte order mark) through
``leaklint.writing`` and is killed with SIGKILL: at N moments spread over the lines that ``leaklint.writing`` runs (0: at
every one), and N times after a delay drawn with a fixed seed. After each kill each file has to hold its old or its new
bytes with its mode kept, nothing but temporary files may lie beside them, and a second run has to write what is left.
``--write`` keeps the counts in ``writing.md``. The exit status is 1 if anything was found broken.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

SEED = 20261121
MODE = 0o640
TEXTS = {"one.py": "REG = {}\n" * 9000, "two.py": "REG = {}\r\n" * 9000, "three.py": "\ufeffREG = {}  # é\n" * 9000}
OLD = {name: text.encode() for name, text in TEXTS.items()}
NEW = {name: text.replace("{}", "WeakValueDictionary()").encode() for name, text in TEXTS.items()}


def main() -> int:
    """Kill, look, count."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--moments", type=int, default=0, help="how many lines to be killed at; 0: every one")
    parser.add_argument("--timed", type=int, default=0, help="how often to be killed after some time")
    parser.add_argument("--write", action="store_true", help="write writing.md")
    parser.add_argument("--child", nargs=2, metavar=("FOLDER", "MOMENT"), help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.child:
        return child(Path(args.child[0]), int(args.child[1]))
    with tempfile.TemporaryDirectory() as place:
        seen, broken = campaign(Path(place), args.moments, args.timed)
    counts = [f"{count} times {what}" for what, count in sorted(seen.items())]
    lines = [f"{sum(seen.values())} kills: {', '.join(counts)}; {len(broken)} broken", *broken]
    print("\n".join(lines))
    if args.write:
        words = " ".join(sys.argv[1:])
        head = f"# Killed while writing\n\nWritten by `python benchmarks/faults/writing.py {words}`.\n\n"
        (Path(__file__).parent / "writing.md").write_text(head + "\n".join(lines) + "\n")
    return 1 if broken or not seen else 0


def campaign(place: Path, moments: int, timed: int) -> tuple[Counter[str], list[str]]:
    """Return how often how many files were new after a kill, and what was broken."""
    fresh(place / "whole")
    began = time.monotonic()
    last = int(start(place / "whole", -1).communicate()[0])
    lasted = time.monotonic() - began
    step = max(1, last // moments) if moments else 1
    chosen = list(range(1, last + 1, step))[: moments or None]
    draw = random.Random(SEED)
    seen: Counter[str] = Counter()
    broken: list[str] = []
    for moment, delay in [*((one, 0.0) for one in chosen), *((-1, draw.uniform(0, lasted)) for _ in range(timed))]:
        folder = place / f"{moment}-{delay}"
        fresh(folder)
        process = start(folder, moment)
        if moment < 0:
            time.sleep(delay)
            process.kill()
        process.communicate()
        if moment >= 0 and process.returncode != -signal.SIGKILL:
            broken.append(f"line {moment}: the child ended with {process.returncode}")
        broken += [f"line {moment}, after {delay:.3f} s: {text}" for text in faults(folder)]
        seen[f"{sum((folder / name).read_bytes() == NEW[name] for name in NEW)} of {len(NEW)} files new"] += 1
        start(folder, -1).communicate()
        if any((folder / name).read_bytes() != NEW[name] for name in NEW):
            broken.append(f"line {moment}, after {delay:.3f} s: a second run did not write the rest")
    return seen, broken


def fresh(folder: Path) -> None:
    """Put the old files into a new folder."""
    folder.mkdir()
    for name, content in OLD.items():
        (folder / name).write_bytes(content)
        (folder / name).chmod(MODE)


def faults(folder: Path) -> Iterator[str]:
    """Yield what a kill has broken."""
    for name in OLD:
        if (folder / name).read_bytes() not in (OLD[name], NEW[name]):
            yield f"{name} is neither old nor new"
        if (folder / name).stat().st_mode & 0o7777 != MODE:
            yield f"{name} has another mode"
    for path in folder.iterdir():
        if path.name not in OLD and not (path.name.startswith(".") and path.suffix == ".leaklint"):
            yield f"{path.name} lies beside the files"


def start(folder: Path, moment: int) -> subprocess.Popen[str]:
    """Start the child that writes all that is still old, and is killed at a moment (-1: not at all)."""
    words = [sys.executable, __file__, "--child", str(folder), str(moment)]
    return subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)


def child(folder: Path, moment: int) -> int:
    """Write the new contents; die at a line of ``leaklint.writing``, or print how many lines it ran."""
    from leaklint import writing
    from leaklint.fixing import Change
    from leaklint.source import Source

    changes = []
    for name, content in NEW.items():
        source = Source.read(folder / name)
        if (folder / name).read_bytes() != content:
            changes.append(Change(str(folder / name), source, Source.decode(content, name).text, ()))
    lines = 0

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal lines
        if frame.f_code.co_filename != writing.__file__:
            return None
        if event == "line":
            lines += 1
            if lines == moment:
                os.kill(os.getpid(), signal.SIGKILL)
        return trace

    sys.settrace(trace)
    problems = writing.write(changes, [str(folder)])
    sys.settrace(None)
    print(lines)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
