"""Feeds values to a generator that yields their running median."""

# holder: MEDIANS|ordered
# kind: local of a suspended generator
# what: float

from __future__ import annotations

import bisect
import random
from collections.abc import Generator


def medians() -> Generator[float, float, None]:
    ordered: list[float] = []  # holder here
    median = 0.0
    while True:
        bisect.insort(ordered, (yield median))  # stores
        median = ordered[len(ordered) // 2]


MEDIANS = medians()  # holder here
next(MEDIANS)


def work() -> None:
    MEDIANS.send(random.random())
