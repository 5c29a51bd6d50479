"""Computes the mean of the samples of the last eight ticks."""

# kind: sliding window

from __future__ import annotations

import itertools
from collections import deque

WINDOW: deque[tuple[int, float]] = deque()
_ticks = itertools.count()


def work() -> None:
    now = next(_ticks)
    WINDOW.append((now, now * 0.5))
    WINDOW.append((now, now * 0.25))
    while WINDOW[0][0] <= now - 8:
        WINDOW.popleft()
    assert sum(value for _, value in WINDOW) >= 0
