"""Computes properties of shapes once for each shape."""

# kind: caches on objects that are let go

from __future__ import annotations


class Polygon:
    def __init__(self, corners: int) -> None:
        self.corners = corners
        self._cache: dict[str, object] = {}

    @property
    def diagonals(self) -> list[tuple[int, int]]:
        if "diagonals" not in self._cache:
            self._cache["diagonals"] = [(a, b) for a in range(self.corners) for b in range(a + 2, self.corners)]
        return self._cache["diagonals"]


def work() -> None:
    polygon = Polygon(8)
    assert polygon.diagonals is polygon.diagonals
