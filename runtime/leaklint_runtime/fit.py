"""Does a series stay, level off, or rise without end?"""

from __future__ import annotations

from typing import Sequence, Tuple

CONSTANT, BOUNDED, LINEAR = "constant", "bounded", "linear"
Point = Tuple[float, float]


def slope(points: Sequence[Point]) -> float:
    """Return the least-squares slope of ``(x, y)`` points; 0 for fewer than two distinct x."""
    count = len(points)
    if count < 2:
        return 0.0
    mean_x = sum(x for x, _ in points) / count
    mean_y = sum(y for _, y in points) / count
    spread = sum((x - mean_x) ** 2 for x, _ in points)
    if not spread:
        return 0.0
    return sum((x - mean_x) * (y - mean_y) for x, y in points) / spread


def classify(points: Sequence[Point], noise: float = 0.02) -> str:
    """Fit ``y`` over ``x`` (objects made): ``constant``, ``bounded`` or ``linear``.

    Constant if y rises by at most ``noise`` an object over all; bounded if it falls back by a quarter of its rise (a
    cache that is emptied) or if the slope of its last third is under half that of the rest (one that fills, then
    evicts); linear otherwise.
    """
    if len(points) < 2:
        return CONSTANT
    (first_x, first_y), (last_x, last_y) = points[0], points[-1]
    top = max(y for _, y in points)
    if top - first_y <= max(0.0, noise * (last_x - first_x)):
        return CONSTANT
    if top - last_y > (top - first_y) / 4:
        return BOUNDED
    if len(points) < 4:
        return LINEAR
    cut = first_x + (last_x - first_x) * 2 / 3
    tail = [point for point in points if point[0] >= cut]
    tail = tail if len(tail) >= 2 else list(points[-2:])
    head = [point for point in points if point[0] <= tail[0][0]]
    return BOUNDED if slope(tail) < slope(head) / 2 else LINEAR
