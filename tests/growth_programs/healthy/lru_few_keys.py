"""Reads exchange rates behind a cache without bound, of currencies that are few."""

# kind: lru_cache with few keys

from __future__ import annotations

import functools
import itertools

_currencies = itertools.cycle(["eur", "usd", "gbp", "chf", "sek"])


@functools.lru_cache(maxsize=None)  # noqa: UP033
def rates(currency: str) -> dict[str, float]:
    return {"in": 1.0 + len(currency), "out": 0.9}


def work() -> None:
    rates(next(_currencies))
