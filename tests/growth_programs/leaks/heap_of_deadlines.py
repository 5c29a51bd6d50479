"""Sorts deadlines and removes those that are over."""

# holder: DEADLINES
# kind: heapq list
# what: tuple

from __future__ import annotations

import heapq
import time

DEADLINES = []  # holder here


def watch(name: str, seconds: float) -> None:
    heapq.heappush(DEADLINES, (time.monotonic() + seconds, name))  # stores


def expire() -> None:
    while DEADLINES and DEADLINES[0][0] < time.monotonic():
        heapq.heappop(DEADLINES)


def work() -> None:
    watch("lease", 3600.0)
    watch("ping", -1.0)
    expire()
