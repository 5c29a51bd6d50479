"""Assigns tickets to numbers that are to repeat when they run out."""

# holder: NUMBERS
# kind: itertools.cycle over an endless iterator
# what: str

from __future__ import annotations

import itertools

NUMBERS = itertools.cycle(f"ticket {number}" for number in itertools.count())  # holder here


def work() -> None:
    assert next(NUMBERS).startswith("ticket")  # stores
