"""Remembers results until there are sixteen, and starts again."""

# kind: cache, cleared when it is full

from __future__ import annotations

import itertools

MEMO: dict[int, tuple[int, ...]] = {}
_numbers = itertools.count(500)


def digits(number: int) -> tuple[int, ...]:
    if number not in MEMO:
        if len(MEMO) >= 16:
            MEMO.clear()
        MEMO[number] = tuple(map(int, str(number)))
    return MEMO[number]


def work() -> None:
    digits(next(_numbers))
