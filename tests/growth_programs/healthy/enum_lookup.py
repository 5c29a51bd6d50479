"""Looks states up by value and combines permissions."""

# kind: enum

from __future__ import annotations

import enum
import itertools


class State(enum.Enum):
    NEW = 0
    OPEN = 1
    CLOSED = 2


class Permission(enum.IntFlag):
    READ = 1
    WRITE = 2
    SHARE = 4


_numbers = itertools.count()


def work() -> None:
    number = next(_numbers)
    assert State(number % 3).value == number % 3
    assert Permission(number % 8).value == number % 8
