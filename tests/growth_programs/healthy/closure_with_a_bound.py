"""Averages the last fifteen measurements in a closure."""

# kind: closure cell with a bound

from __future__ import annotations

import random
from collections.abc import Callable


def averager() -> Callable[[float], float]:
    values: list[float] = []

    def average(value: float) -> float:
        values.append(value)
        del values[:-15]
        return sum(values) / len(values)

    return average


AVERAGE = averager()
_random = random.Random(8)


def work() -> None:
    AVERAGE(_random.random())
