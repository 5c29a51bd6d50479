"""Makes points and moves them."""

# kind: data class instances

from __future__ import annotations

import dataclasses
import itertools


@dataclasses.dataclass(frozen=True)
class Point:
    x: int
    y: int


_places = itertools.count()


def work() -> None:
    point = Point(next(_places), 2)
    moved = dataclasses.replace(point, x=point.x + 1)
    assert dataclasses.asdict(moved)["x"] == point.x + 1
