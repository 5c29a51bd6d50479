"""Throws dice."""

# kind: random numbers

from __future__ import annotations

import random


def work() -> None:
    dice = random.Random(random.random())
    assert 6 <= sum(dice.randint(1, 6) for _ in range(6)) <= 36
