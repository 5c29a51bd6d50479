"""A scratch list that is emptied at random."""

# kind: sawtooth without a period
# rounds: 100

from __future__ import annotations

import random

_random = random.Random(8)
SCRATCH = []


def work() -> None:
    SCRATCH.append(object())
    if _random.random() < 0.12 or len(SCRATCH) > 20:
        SCRATCH.clear()
