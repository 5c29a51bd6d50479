"""Averages measurements in a function that remembers the earlier ones."""

# holder: values
# kind: closure cell, rebound
# what: float

from __future__ import annotations

import random
from collections.abc import Callable


def averager() -> Callable[[float], float]:
    values: tuple[float, ...] = ()  # holder here

    def average(value: float) -> float:
        nonlocal values
        values = (*values, value)  # stores
        return sum(values) / len(values)

    return average


AVERAGE = averager()


def work() -> None:
    AVERAGE(random.random())
