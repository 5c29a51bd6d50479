"""Caches tiles of a map, of which the rare ones come up late."""

# rounds: 60
# kind: dict filled by random keys, unevenly

from __future__ import annotations

import random

TILES: dict[tuple[int, int], bytes] = {}
_random = random.Random(7)


def tile(column: int, row: int) -> bytes:
    key = column, row
    if key not in TILES:
        TILES[key] = bytes([column, row]) * 100
    return TILES[key]


def work() -> None:
    place = int(_random.betavariate(2, 2) * 6)
    tile(place, place // 2)
