"""Fuzzing of ``leaklint check`` and ``leaklint fix``: mutants of CPython's tests, and programs drawn from grammars.

    python benchmarks/faults/inputs.py [--count N] [--seed S] [--keep DIR]

makes N files of each kind (mutants; programs of leaks; programs of the whole grammar, if hypothesmith is installed) and
some in every encoding,
checks and repairs them in folders of 20, and prints one line of figures a kind. A file that brings a complaint is kept in
DIR. The exit status is 1 if there was a complaint.
"""

from __future__ import annotations

import argparse
import encodings
import pkgutil
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from judging import Judged, judged
from making import COOKIES, mutant, program

BATCH = 20


def main() -> int:
    """Fuzz, print and keep."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=2000, help="files of each kind (default: 2000)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, default=Path("complaints"), help="where files with complaints are kept")
    args = parser.parse_args()
    bad = 0
    for name, files in (
        ("mutants", _drawn(mutant, args.seed, args.count)),
        ("leaks", _drawn(program, args.seed, args.count)),
        ("codecs", declared(codecs(), ("a", "é\u4e2d", "+AB-xn--a-~{"))),
        ("grammar", grammar(args.seed, args.count)),
    ):
        started = time.perf_counter()
        tried, result = campaign(list(files), args.keep / name)
        bad += len(result.complaints)
        print(
            f"{name}: {tried} files, {result.findings} findings, {result.problems} problems, {result.repaired} repairs, "
            f"{len(result.complaints)} complaints, {time.perf_counter() - started:.0f} s",
            flush=True,
        )
    return 1 if bad else 0


def _drawn(make: Callable[[random.Random], bytes], seed: int, count: int) -> Iterator[bytes]:
    return (make(random.Random(f"{seed} {number}")) for number in range(count))


def codecs() -> list[str]:
    """Return the names of all codecs of the interpreter, and of some that it does not have."""
    return sorted({module.name for module in pkgutil.iter_modules(encodings.__path__)} | set(COOKIES))


def declared(names: Sequence[str], texts: Sequence[str]) -> list[bytes]:
    """Return a leak in UTF-8 with each of the texts in a comment, declared to be in each of the encodings."""
    leak = "class C:\n    reg = []\n    # {}\n    def __init__(self):\n        C.reg.append(self)\n"
    return [f"# coding: {name}\n{leak.format(text)}".encode() for name in names for text in texts]


def grammar(seed: int, count: int) -> list[bytes]:
    """Return programs of Python's grammar; none where hypothesmith is not installed."""
    try:
        import hypothesmith
    except ImportError:
        print("grammar: hypothesmith is not installed")
        return []
    from hypothesis import HealthCheck, given, settings
    from hypothesis import seed as seeded

    texts: list[bytes] = []

    @seeded(seed)
    @settings(max_examples=count, database=None, deadline=None, suppress_health_check=list(HealthCheck))
    @given(hypothesmith.from_grammar())
    def collect(text: str) -> None:
        texts.append(text.encode("utf-8", "surrogatepass"))

    collect()
    return texts


def campaign(files: Sequence[bytes], keep: Path | None = None) -> tuple[int, Judged]:
    """Judge files in folders of 20; those of a folder with a complaint once more, each alone. Returns count and sums."""
    total = Judged()
    for start in range(0, len(files), BATCH):
        part = files[start : start + BATCH]
        found = _judge(part)
        if found.complaints:
            alone = [(number, _judge([data])) for number, data in enumerate(part)]
            for number, one in alone:
                if one.complaints and keep is not None:
                    keep.mkdir(parents=True, exist_ok=True)
                    (keep / f"{start + number}.py").write_bytes(part[number])
                    print(f"{keep / str(start + number)}.py: {'; '.join(one.complaints)}", flush=True)
        total = Judged(
            total.findings + found.findings,
            total.problems + found.problems,
            total.repaired + found.repaired,
            (*total.complaints, *found.complaints),
        )
    return len(files), total


def _judge(files: Sequence[bytes]) -> Judged:
    scratch = Path(tempfile.mkdtemp(prefix="leaklint-"))
    try:
        folder, outside = scratch / "root", scratch / "outside"
        folder.mkdir()
        outside.mkdir()
        (outside / "precious.py").write_text("class C:\n    reg = []\n    def __init__(self): C.reg.append(self)\n")
        for number, data in enumerate(files):
            (folder / f"mod{number}.py").write_bytes(data)
        return judged(folder, outside)
    finally:
        shutil.rmtree(scratch)


if __name__ == "__main__":
    sys.exit(main())
