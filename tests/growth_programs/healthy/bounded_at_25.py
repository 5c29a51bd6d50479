"""Remembers the answers to the 25 latest questions."""

# rounds: 40
# kind: dict with eviction by size

from __future__ import annotations

import itertools

LATEST: dict[int, list[int]] = {}
_questions = itertools.count(300)


def multiples(number: int) -> list[int]:
    if number not in LATEST:
        if len(LATEST) >= 25:
            del LATEST[next(iter(LATEST))]
        LATEST[number] = list(range(number, 11 * number, number))
    return LATEST[number]


def work() -> None:
    assert multiples(next(_questions))
