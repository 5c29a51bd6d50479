"""Keeps a fair sample of twenty of all values."""

# kind: reservoir of fixed size

from __future__ import annotations

import itertools
import random

RESERVOIR: list[list[float]] = []
_random = random.Random(4)
_calls = itertools.count()


def work() -> None:
    call = next(_calls)
    entry = [_random.random()] * 4
    if len(RESERVOIR) < 20:
        RESERVOIR.append(entry)
    else:
        place = _random.randrange(call + 1)
        if place < 20:
            RESERVOIR[place] = entry
