"""Attempts that end the process: noted in memory that outlives it, and passed over by the process that tries again.

A way to make an object may crash the interpreter. The number of the attempt at hand stands in shared memory, where the
process that forked this one reads it.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import Any, Iterator, Mapping

from .early import optional

AGAIN = 4  # times that a probe is tried again
_mmap = optional("mmap")
_WIDTH = 8


class EndedError(Exception):
    """The call wanted to end the process; the text says how."""


class LeftError(SystemExit):
    """The code under test called ``os._exit``, where that does not end the process."""


class Record:
    """The shared memory: ``current`` is the number of the attempt at hand, 0 between attempts, ``DONE`` after the verdict."""

    DONE = (1 << 32) - 1

    def __init__(self) -> None:
        self._memory: Any = _mmap.mmap(-1, _WIDTH) if _mmap is not None else bytearray(_WIDTH)

    @property
    def current(self) -> int:
        """Return the number that was noted last."""
        return int.from_bytes(self._memory[:_WIDTH], "big")

    def note(self, number: int) -> None:
        """Note the number of an attempt."""
        self._memory[:_WIDTH] = number.to_bytes(_WIDTH, "big")


class _Attempts:
    record: Record | None = None
    passed: Mapping[int, str] = {}
    count = 0
    process = 0


def watch(record: Record, passed: Mapping[int, str]) -> None:
    """From now on note the attempts of this process in ``record``, and pass over those that ended one like it.

    ``passed`` has by number how that process ended.
    """
    _Attempts.record, _Attempts.passed, _Attempts.count, _Attempts.process = record, passed, 0, os.getpid()


@contextmanager
def attempt() -> Iterator[None]:
    """Note that an attempt is made. Raises ``EndedError`` instead, if it has ended a process already."""
    record = _Attempts.record
    if record is None or os.getpid() != _Attempts.process:  # copies of the process end for themselves
        yield
        return
    _Attempts.count += 1
    before = record.current
    if _Attempts.count in _Attempts.passed:
        raise EndedError(f"the target {_Attempts.passed[_Attempts.count]}")
    record.note(_Attempts.count)
    try:
        yield
    finally:
        record.note(before)
