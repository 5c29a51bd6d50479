"""Collects changes and saves them on the seventh call."""

# kind: sawtooth

from __future__ import annotations

import itertools

CHANGES: list[dict[str, int]] = []
_calls = itertools.count(1)


def work() -> None:
    call = next(_calls)
    CHANGES.append({"call": call, "square": call * call})
    if call % 7 == 0:
        CHANGES.clear()
