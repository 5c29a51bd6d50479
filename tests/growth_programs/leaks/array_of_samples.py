"""Collects samples in an array of numbers and reports their mean."""

# holder: SAMPLES
# kind: array.array
# what: array

from __future__ import annotations

import array
import random

SAMPLES = array.array("d")  # holder here


def sample(count: int) -> float:
    SAMPLES.extend(random.random() for _ in range(count))  # stores
    return sum(SAMPLES[-count:]) / count


def work() -> None:
    sample(100)
