"""Draws a histogram of durations with a fixed number of bars."""

# kind: statistics of fixed size

from __future__ import annotations

import random

BARS = [0] * 20
_random = random.Random(1)


def work() -> None:
    for _ in range(30):
        BARS[int(_random.random() * len(BARS))] += 1
    assert sum(BARS)
