"""Combines iterators and exhausts some of them."""

# kind: itertools

from __future__ import annotations

import itertools

WEEK = itertools.cycle(["mon", "tue", "wed", "thu", "fri", "sat", "sun"])


def work() -> None:
    first, second = itertools.tee(range(50))
    assert list(zip(first, itertools.islice(second, 1, None)))[0] == (0, 1)  # noqa: B905, RUF015
    assert len(next(WEEK)) == 3
