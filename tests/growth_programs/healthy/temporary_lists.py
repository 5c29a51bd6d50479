"""Sorts many numbers and lets them go."""

# kind: large temporary objects

from __future__ import annotations

import itertools

_sizes = itertools.count(2_000, 10)


def work() -> None:
    numbers = [number * 7919 % 10007 for number in range(next(_sizes))]
    numbers.sort()
    assert numbers[0] == 0
