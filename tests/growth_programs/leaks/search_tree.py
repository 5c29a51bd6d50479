"""Sorts measurements into a binary tree and looks them up there."""

# holder: ROOT
# alone: yes
# kind: tree of objects
# what: Leaf

from __future__ import annotations

import random


class Leaf:
    def __init__(self, key: float) -> None:
        self.key = key
        self.below: Leaf | None = None
        self.above: Leaf | None = None


ROOT = Leaf(0.5)  # holder here


def insert(key: float) -> None:
    place = ROOT
    while True:
        side = "below" if key < place.key else "above"
        following = getattr(place, side)
        if following is None:
            setattr(place, side, Leaf(key))  # stores
            return
        place = following


def work() -> None:
    insert(random.random())
