"""Keeps the counts of the last six minutes."""

# kind: dict whose keys rotate

from __future__ import annotations

import itertools

MINUTES: dict[int, dict[str, int]] = {}
_minutes = itertools.count(1000)


def work() -> None:
    minute = next(_minutes)
    MINUTES[minute] = {"hits": minute % 10, "errors": 0}
    MINUTES.pop(minute - 6, None)
