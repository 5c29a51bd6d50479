"""Builds a table for each of fifteen classes when one is used first."""

# kind: registry that is complete one day
# rounds: 80

from __future__ import annotations

import itertools

_calls = itertools.count()
CLASSES = [type(f"Model{number}", (), {}) for number in range(10)]


def fields(cls):
    if "_fields" not in vars(cls):
        cls._fields = {"name": [cls.__name__]}
    return cls._fields


def work() -> None:
    fields(CLASSES[next(_calls) // 2 % 10])
