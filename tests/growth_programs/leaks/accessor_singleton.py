"""Asks for the program's statistics through an accessor and adds a sample."""

# holder: samples
# kind: instance attribute of a singleton
# what: float

from __future__ import annotations

import time


class Statistics:
    def __init__(self) -> None:
        self.samples: list[float] = []  # holder here

    def add(self, value: float) -> None:
        self.samples.append(value)  # stores


_statistics: Statistics | None = None


def get_statistics() -> Statistics:
    global _statistics
    if _statistics is None:
        _statistics = Statistics()
    return _statistics


def work() -> None:
    get_statistics().add(time.perf_counter())
