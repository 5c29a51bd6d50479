"""Caches forecasts by place, of which visitors ask for one of twelve at random."""

# rounds: 60
# kind: dict filled by random keys from a finite set

from __future__ import annotations

import random

FORECASTS: dict[str, list[float]] = {}
_random = random.Random(4)


def forecast(place: str) -> list[float]:
    if place not in FORECASTS:
        FORECASTS[place] = [float(len(place) + hour) for hour in range(24)]
    return FORECASTS[place]


def work() -> None:
    assert len(forecast(f"place {_random.randrange(12)}")) == 24
