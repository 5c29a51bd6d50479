"""Looks articles up behind a cache for the 25 latest."""

# rounds: 40
# kind: lru_cache with a bound

from __future__ import annotations

import functools
import itertools

_numbers = itertools.count(1)


@functools.lru_cache(maxsize=25)
def article(number: int) -> dict[str, object]:
    return {"number": number, "title": f"Article {number}", "tags": ["new", "short"]}


def work() -> None:
    assert article(next(_numbers))["tags"]
