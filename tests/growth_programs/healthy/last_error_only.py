"""Remembers the latest error with its traceback."""

# kind: one exception with traceback, replaced

from __future__ import annotations

import itertools

_numbers = itertools.count()


class LatestOutcome:
    error: Exception | None = None


def divide(number: int) -> float:
    rest_of_frame = [number] * 100
    return rest_of_frame[0] / 0


def work() -> None:
    try:
        divide(next(_numbers))
    except ZeroDivisionError as error:
        LatestOutcome.error = error
