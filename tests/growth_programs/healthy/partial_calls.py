"""Binds arguments to functions and calls them."""

# kind: functools.partial, let go

from __future__ import annotations

import functools
import itertools

_bases = itertools.count(2)


def work() -> None:
    power = functools.partial(pow, next(_bases))
    square = functools.partial(power, 2)
    assert square() > 3
