"""What CPython's allocator of small objects keeps: arenas, the blocks in use in them, and the holes between.

The figures are those of ``sys._debugmallocstats``, which writes to the error stream of the process; that stream is
turned aside for the moment. Objects of more than 512 bytes are the C library's business and not counted here.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
from typing import Any, NamedTuple

from . import early

LARGEST = 512
_ROW = re.compile(r"^\s*\d+\s+(\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s*$", re.MULTILINE)
_ARENAS = re.compile(r"^\s*([\d,]+) arenas \* ([\d,]+) bytes/arena", re.MULTILINE)
_USED = re.compile(r"^# bytes in allocated blocks\s*=\s*([\d,]+)", re.MULTILINE)
_POOLS = re.compile(r"^\s*([\d,]+) unused pools \* ([\d,]+) bytes", re.MULTILINE)


class Arenas(NamedTuple):
    """``mapped`` bytes of arenas, of which ``used`` are in blocks that are allocated.

    ``holes`` are pairs of a block size and the free blocks of that size; ``pools`` are the free pools of ``pool`` bytes,
    of which those that were never written to are not resident.
    """

    mapped: int
    used: int
    holes: tuple[tuple[int, int], ...]
    pools: int
    pool: int

    @property
    def free(self) -> int:
        """Return the bytes that are in no allocated block."""
        return self.mapped - self.used


def arenas() -> Arenas | None:
    """Return the state of the arenas; None where the interpreter does not use them (``PYTHONMALLOC=malloc``)."""
    return parse(_statistics())


def parse(text: str) -> Arenas | None:
    """Read what ``sys._debugmallocstats`` writes; None if it does not speak of arenas."""
    total, used, pools = _ARENAS.search(text), _USED.search(text), _POOLS.search(text)
    if total is None or used is None or pools is None:
        return None
    holes = tuple((int(size), int(free)) for size, _, _, free in _ROW.findall(text) if int(free))
    return Arenas(
        mapped=_number(total.group(1)) * _number(total.group(2)),
        used=_number(used.group(1)),
        holes=holes,
        pools=_number(pools.group(1)),
        pool=_number(pools.group(2)),
    )


def _number(text: str) -> int:
    return int(text.replace(",", ""))


def _statistics() -> str:
    """Return what the interpreter writes about its allocator; empty where it cannot be asked."""
    ask = getattr(sys, "_debugmallocstats", None)
    if ask is None:
        return ""
    with tempfile.TemporaryFile() if early.fork is None else _Pipe() as target:
        kept = os.dup(2)
        try:
            os.dup2(target.fileno(), 2)
            ask()
        finally:
            os.dup2(kept, 2)
            os.close(kept)
        target.seek(0)
        return bytes(target.read()).decode("ascii", "replace")


class _Pipe:
    """A file that lives in a pipe; what is written (some 10 KB) is less than a pipe holds. Needs no disk."""

    def __enter__(self) -> _Pipe:
        self._reading, self._writing = os.pipe()
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._reading)
        os.close(self._writing)

    def fileno(self) -> int:
        return self._writing

    def seek(self, place: int) -> None:
        """Mark the end of what is read."""
        os.write(self._writing, b"\0")

    def read(self) -> bytes:
        found = b""
        while not found.endswith(b"\0"):
            found += os.read(self._reading, 1 << 16)
        return found[:-1]


def plan(state: Arenas, most: int) -> list[tuple[int, int]]:
    """Return pairs of a length and how many ``bytes`` objects of it fit into the holes and free pools, ``most`` in all."""
    found = []
    for size, count in [*state.holes, (LARGEST, state.pools * ((state.pool - 64) // LARGEST))]:
        count = min(count, most)
        if size - _EMPTY >= 2:  # shorter ones are shared by the interpreter
            found.append((size - _EMPTY, count))
            most -= count
    return found


def fill(planned: list[tuple[int, int]], places: list[Any]) -> int:
    """Make the planned objects, put them into ``places``, which has room for all, and return the bytes of their blocks.

    What fits without the process growing was resident and free: that is fragmentation, by experiment.
    """
    start = filled = 0
    for length, count in planned:
        for place in range(start, start + count):
            places[place] = bytes(length)
        start += count
        filled += count * (length + _EMPTY)
    return filled


_EMPTY = sys.getsizeof(b"")
