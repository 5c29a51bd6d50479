"""Caches quotes until they are five ticks old."""

# kind: own cache with a time to live

from __future__ import annotations

import itertools

QUOTES: dict[str, tuple[int, list[float]]] = {}
_ticks = itertools.count()


def quote(share: str, now: int) -> list[float]:
    for old in [name for name, (made, _) in QUOTES.items() if made + 5 <= now]:
        del QUOTES[old]
    if share not in QUOTES:
        QUOTES[share] = (now, [float(now), float(len(share))])
    return QUOTES[share][1]


def work() -> None:
    now = next(_ticks)
    quote(f"share{now}", now)
    quote(f"share{now % 3}", now)
