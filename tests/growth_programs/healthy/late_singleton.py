"""Builds a table of holidays when the year turns, which is in the fifteenth call."""

# kind: object made late

from __future__ import annotations

import itertools


class Calendar:
    def __init__(self) -> None:
        self.holidays: dict[int, list[str]] = {}

    def load(self) -> None:
        self.holidays = {day: [f"saint {day}", f"moon {day % 29}"] for day in range(365)}


CALENDAR = Calendar()
_calls = itertools.count(1)


def work() -> None:
    if next(_calls) == 15:
        CALENDAR.load()
    CALENDAR.holidays.get(100)
