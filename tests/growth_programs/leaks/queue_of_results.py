"""Puts the result of each calculation into a queue."""

# holder: RESULTS
# kind: queue.Queue
# what: dict

from __future__ import annotations

import queue
import random

RESULTS = queue.Queue()  # holder here


def calculate() -> float:
    value = random.random()
    RESULTS.put({"value": value, "square": value * value})  # stores
    return value


def work() -> None:
    calculate()
