"""The corpora: pinned releases from the package index, unpacked once and never changed; nothing of them is run.

``small``, ``medium`` and ``large`` name the packages of ``packages.txt``, each line ``SIZE name==version``; a larger corpus
holds those of the smaller ones too.
"""

from __future__ import annotations

import os
import shutil
import sys
import time
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from fetching import unpacked

HERE = Path(__file__).parent
SIZES = ("small", "medium", "large")


@dataclass(frozen=True, slots=True)
class Corpus:
    """A folder of Python files with their number and lines."""

    name: str
    folder: Path
    files: int
    lines: int


def pins(size: str) -> list[str]:
    """Return ``name==version`` of every package of a corpus."""
    rows = [line.split() for line in (HERE / "packages.txt").read_text().splitlines() if line and line[0] != "#"]
    return [pin for kind, pin in rows if SIZES.index(kind) <= SIZES.index(size)]


def corpus(size: str, cache: Path) -> Corpus:
    """Return a corpus, fetched and put together below ``cache`` if it is not there yet."""
    folder = cache / "corpora" / size
    if not folder.exists():
        part = folder.with_name(folder.name + ".part")
        shutil.rmtree(part, ignore_errors=True)
        for pin in pins(size):
            _copy(unpacked(pin, cache), part / pin.partition("==")[0].replace("-", "_"))
        part.rename(folder)
    files = sorted(folder.rglob("*.py"))
    return Corpus(size, folder, len(files), sum(path.read_bytes().count(b"\n") for path in files))


def _copy(source: Path, target: Path) -> None:
    """Copy the Python files, an hour old: the times of younger ones are not to be trusted."""
    then = time.time() - 3600
    for path in source.rglob("*.py"):
        new = target / path.relative_to(source)
        new.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, new)
        os.utime(new, (then, then))
