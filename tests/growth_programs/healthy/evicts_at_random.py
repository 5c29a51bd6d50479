"""Caches thumbnails and makes room by dropping any of them."""

# kind: dict with random eviction

from __future__ import annotations

import itertools
import random

THUMBNAILS: dict[int, bytes] = {}
_random = random.Random(3)
_pictures = itertools.count()


def thumbnail(picture: int) -> bytes:
    if picture not in THUMBNAILS:
        while len(THUMBNAILS) >= 20:
            THUMBNAILS.pop(_random.choice(list(THUMBNAILS)))
        THUMBNAILS[picture] = picture.to_bytes(4, "big") * 64
    return THUMBNAILS[picture]


def work() -> None:
    thumbnail(next(_pictures))
