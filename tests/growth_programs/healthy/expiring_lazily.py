"""Entries that live for eighteen calls, dropped when the table is asked at each ninth."""

# kind: expiry, lazily
# rounds: 90

from __future__ import annotations

import itertools

_calls = itertools.count()
TABLE = {}


def work() -> None:
    now = next(_calls)
    TABLE[now] = now + 18
    if now % 9 == 0:
        for key in [key for key, end in TABLE.items() if end < now]:
            del TABLE[key]
