"""Evicts entries of a cache that are expired, which those without a time limit never are."""

# holder: ENTRIES
# kind: dict whose eviction never matches
# what: TimedEntry

from __future__ import annotations

import itertools
import time


class TimedEntry:
    def __init__(self, value: str, seconds: float | None) -> None:
        self.value = value
        self.until = None if seconds is None else time.monotonic() + seconds


ENTRIES: dict[str, TimedEntry] = {}  # holder here
_keys = itertools.count()


def put(key: str, value: str, seconds: float | None = None) -> None:
    now = time.monotonic()
    for old in [name for name, entry in ENTRIES.items() if entry.until is not None and entry.until <= now]:
        del ENTRIES[old]
    ENTRIES[key] = TimedEntry(value, seconds)  # stores


def work() -> None:
    put("session", "short", seconds=0.0)
    put(f"page-{next(_keys)}", "long")
