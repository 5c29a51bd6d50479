"""Starts its second stage late, which then takes what it needs."""

# kind: second warm-up in the middle
# rounds: 60

from __future__ import annotations

import itertools

_calls = itertools.count()
TABLES = {}


def work() -> None:
    number = next(_calls)
    if 20 <= number < 28:
        TABLES[number] = [0] * 20
