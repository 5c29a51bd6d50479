"""Starts transactions as generators and commits them later."""

# holder: OPEN
# kind: list of suspended generators
# what: generator

from __future__ import annotations

from collections.abc import Iterator

OPEN: list[Iterator[str]] = []  # holder here


def transaction(rows: list[int]) -> Iterator[str]:
    pending = [row * 2 for row in rows]
    yield "begun"
    pending.clear()
    yield "committed"


def begin(rows: list[int]) -> str:
    current = transaction(rows)
    OPEN.append(current)  # stores
    return next(current)


def work() -> None:
    assert begin([1, 2, 3]) == "begun"
