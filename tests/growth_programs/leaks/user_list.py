"""Draws points and keeps the polyline that they make."""

# holder: LINE
# kind: UserList
# what: tuple

from __future__ import annotations

import math
from collections import UserList


class Polyline(UserList):
    def length(self) -> float:
        return sum(math.dist(self[at - 1], self[at]) for at in range(1, len(self)))


LINE = Polyline()  # holder here


def work() -> None:
    LINE.append((float(len(LINE)), 1.0))  # stores
    LINE.length()
