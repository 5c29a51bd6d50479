"""Computes prices behind a decorator that remembers results."""

# holder: store
# kind: closure cell of a decorator
# what: tuple|dict

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable


def memoised(function: Callable[..., dict[str, float]]) -> Callable[..., dict[str, float]]:
    store: dict[tuple[object, ...], dict[str, float]] = {}  # holder here

    @functools.wraps(function)
    def call(*args: object) -> dict[str, float]:
        if args not in store:
            store[args] = function(*args)  # stores
        return store[args]

    return call


@memoised
def price(article: int, country: str) -> dict[str, float]:
    return {"net": article * 1.5, "vat": 0.2 if country == "at" else 0.19}


_articles = itertools.count(1)


def work() -> None:
    article = next(_articles)
    assert price(article, "at") is price(article, "at")
