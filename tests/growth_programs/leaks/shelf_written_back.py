"""Keeps results in a shelf that writes back when it is closed."""

# holder: SHELF\.cache
# kind: shelve's write-back cache

from __future__ import annotations

import itertools
import shelve

_calls = itertools.count()
SHELF = shelve.Shelf({}, writeback=True)  # holder here


def work() -> None:
    number = next(_calls)
    SHELF[f"job {number}"] = ["result", number]  # stores
