"""Records the record temperatures of a year's days."""

# rounds: 60
# kind: list whose growth slows down and ends

from __future__ import annotations

import itertools

RECORDS: list[tuple[float, str]] = []
_days = itertools.count(1)


def measure(day: int) -> None:
    temperature = 30.0 - 40.0 / min(day, 30)
    if not RECORDS or temperature > RECORDS[-1][0]:
        RECORDS.append((temperature, f"day {day}"))


def work() -> None:
    measure(next(_days))
