"""Attaches sizes to pictures while these are in use."""

# kind: WeakKeyDictionary

from __future__ import annotations

import weakref


class SizedPicture:
    def __init__(self, pixels: int) -> None:
        self.pixels = bytearray(pixels)


SIZES: weakref.WeakKeyDictionary[SizedPicture, list[int]] = weakref.WeakKeyDictionary()


def work() -> None:
    picture = SizedPicture(100)
    SIZES[picture] = [10, 10]
    assert len(SIZES) == 1
