"""Does a quantity rise without end, and how fast? A robust slope with an error bound, and the verdict in words.

The slope is the median of the slopes between all pairs of points (Theil 1950, Sen 1968): steps of whole arenas, a resized
table or a single odd reading hardly move it. Its bounds are Sen's, from the normal approximation of Kendall's statistic.
"""

from __future__ import annotations

import math
from typing import NamedTuple, Sequence, Tuple

from .fit import BOUNDED, CONSTANT, LINEAR
from .units import size

Point = Tuple[float, float]
WARM, TAIL, END, MOST = 0.2, 0.4, 0.2, 160
LEAST_RISES = 3
FILLING = "filling"  # rose to the end, into holders that say themselves where they stop
NORMAL = 1.96  # of 95 %
MEMORY_FLOOR = 64 * 1024  # bytes that a process may gain over a whole run and still count as constant
IN_USE_FLOOR = 4 * 1024  # the same for bytes in use, which are known to the byte
NOISE = 96  # bytes in use a call: an empty function gains up to 80 by the interpreter's own doing (Python 3.8 to 3.13)


class Trend(NamedTuple):
    """``slope`` a unit of x, within ``low`` and ``high`` at 95 %.

    ``kind`` is ``constant``, ``bounded`` or ``linear``, of memory also ``filling``.
    ``first`` and ``last`` are the values at the ends, ``warm`` the x from which on the points count.
    """

    kind: str
    slope: float
    low: float
    high: float
    first: float
    last: float
    warm: float = 0.0

    @property
    def error(self) -> float:
        """Return the half width of the bounds."""
        return (self.high - self.low) / 2


def in_use_floor(samples: int) -> float:
    """Return the bytes by which what is in use may rise over so many samples, less the warm-up, and still count as constant."""
    return max(IN_USE_FLOOR, NOISE * (samples - int(samples * WARM)))


def trend(points: Sequence[Point], floor: float = 0.0) -> Trend:
    """Fit what comes after the warm-up, the first fifth. A rise of at most ``floor`` over all of it is none.

    Linear if even the lower bound of the slope is above 0; bounded if it rose, but the last two fifths rise at less than
    half the pace of the rest. Fewer than four points after the warm-up say nothing: constant, with infinite bounds.
    """
    if not points:
        return Trend(CONSTANT, 0.0, -math.inf, math.inf, 0.0, 0.0)
    cut = int(len(points) * WARM)
    used = list(points[cut:])
    first, last, warm = used[0][1], used[-1][1], used[0][0]
    if len(used) < 4:
        return Trend(CONSTANT, 0.0, -math.inf, math.inf, first, last, warm)
    slope, low, high = _sen(_thinned(used))
    span = used[-1][0] - used[0][0]
    rise = max(slope * span, max(y for _, y in used) - first)
    kind = CONSTANT
    if rise > floor:
        kind = BOUNDED if _levels_off(used) else LINEAR if low > 0 else CONSTANT
    return Trend(kind, slope, low, high, first, last, warm)


def _levels_off(points: Sequence[Point]) -> bool:
    """Tell whether the tail, or the last part of it, rises at less than half the pace of before, bounds considered."""
    return _slows_down(points) or _reached_its_top(points)


def _slows_down(points: Sequence[Point]) -> bool:
    head, tail = _parts(points, TAIL)
    if len(head) < 3 or len(tail) < 3:
        return False
    before = _pace(head)
    slope, low, high = _sen(_thinned(tail))
    return before > 0 and max(slope, _pace(tail)) < before / 2 and (low <= 0 or high < before / 2)


def _reached_its_top(points: Sequence[Point]) -> bool:
    """Tell whether the last fifth rises above all before by less than half of the pace until then.

    That is how a cache looks that became full a while ago and is swept in steps: it goes up and down below its top.
    """
    head, tail = _parts(points, END)
    if len(tail) < 5:
        return False
    before = _pace(head)
    higher = max(y for _, y in tail) - max(y for _, y in head)
    span = tail[-1][0] - tail[0][0]
    rises = sum(right[1] > left[1] for left, right in zip(head, head[1:]))
    expected = rises * (len(tail) - 1) / (len(head) - 1)  # in the last fifth, at the pace of before
    return expected >= LEAST_RISES and 2 * higher < before * span


def _parts(points: Sequence[Point], share: float) -> tuple[Sequence[Point], Sequence[Point]]:
    """Return what comes before the last ``share`` of the points, and that; the point between belongs to both."""
    cut = int(len(points) * (1 - share))
    return points[: cut + 1], points[cut:]


def _pace(points: Sequence[Point]) -> float:
    """Return the rise from the first to the last point, a unit of x."""
    return (points[-1][1] - points[0][1]) / ((points[-1][0] - points[0][0]) or 1.0)


def count_trend(points: Sequence[Point]) -> Trend:
    """Fit a number of entries, which moves in whole steps and without noise.

    Linear: it rose at least three times, for the first time before the middle, at the end still at half of the pace of
    before or more, and the last rise is not longer ago than the gaps between rises let expect. Where it also fell by a
    quarter of its rise or more (a cache that is swept), the low points after each fall are judged instead. Bounded: it rose
    otherwise. Constant: it did not rise.
    """
    if len(points) < 4:
        return Trend(CONSTANT, 0.0, -math.inf, math.inf, *(_ends(points)))
    slope, low, high = _sen(_thinned(points))
    first, last = points[0][1], points[-1][1]
    found = Trend(CONSTANT, slope, low, high, first, last, points[0][0])
    top = max(y for _, y in points)
    if top <= first:
        return found
    lows = _low_points(points, (top - first) / 4)
    if lows:
        rising = len(lows) >= 3 and all(left[1] < right[1] for left, right in zip(lows, lows[1:]))
        return found._replace(kind=LINEAR if rising else BOUNDED)
    return found._replace(kind=LINEAR if _goes_on(points) else BOUNDED)


def _ends(points: Sequence[Point]) -> tuple[float, float]:
    return (points[0][1], points[-1][1]) if points else (0.0, 0.0)


def _low_points(points: Sequence[Point], depth: float) -> list[Point]:
    """Return the first point after each fall by at least ``depth``, the beginning before them; none if it never fell so far."""
    found = [right for left, right in zip(points, points[1:]) if left[1] - right[1] >= max(depth, 1.0)]
    return [points[0], *found] if found else []


def rose_lately(points: Sequence[Point]) -> bool:
    """Tell whether a count was never as high as in the last third of its time."""
    if len(points) < 4:
        return False
    cut = points[0][0] + (points[-1][0] - points[0][0]) * 2 / 3
    return max(y for x, y in points if x >= cut) > max(y for x, y in points if x < cut)


def _goes_on(points: Sequence[Point]) -> bool:
    """Tell whether a count that does not fall rises to the end: in pace, and without a rest longer than those before."""
    rises = [right[0] for left, right in zip(points, points[1:]) if right[1] > left[1]]
    if len(rises) < LEAST_RISES or rises[0] > (points[0][0] + points[-1][0]) / 2:
        return False
    gaps = [right - left for left, right in zip([points[0][0], *rises], rises)]
    step = (points[-1][0] - points[0][0]) / (len(points) - 1)
    if points[-1][0] - rises[-1] > 2 * max(*gaps, step):
        return False
    head, tail = _parts(points, TAIL)
    return 2 * _pace(tail) >= _pace(head) and _pace(tail) > 0 and not _reached_its_top(points)


def _thinned(points: Sequence[Point]) -> list[Point]:
    """Return at most ``MOST`` points, spread evenly, the ends among them."""
    if len(points) <= MOST:
        return list(points)
    step = (len(points) - 1) / (MOST - 1)
    return [points[round(place * step)] for place in range(MOST)]


def _sen(points: Sequence[Point]) -> tuple[float, float, float]:
    """Return the median slope of all pairs and its 95 % bounds."""
    slopes = sorted(
        (right[1] - left[1]) / (right[0] - left[0])
        for place, left in enumerate(points)
        for right in points[place + 1 :]
        if right[0] > left[0]
    )
    if not slopes:
        return 0.0, -math.inf, math.inf
    count, number = len(slopes), len(points)
    spread = NORMAL * math.sqrt(number * (number - 1) * (2 * number + 5) / 18)
    lower = max(0, int((count - spread) / 2))
    upper = min(count - 1, math.ceil((count + spread) / 2))
    middle = count // 2
    median = slopes[middle] if count % 2 else (slopes[middle - 1] + slopes[middle]) / 2
    return median, slopes[lower], slopes[upper]


class Container(NamedTuple):
    """How a finding's container changed; ``size`` are bytes a unit of x that emptying it would free, None if unknown.

    ``pid`` is the process that it was seen in.
    """

    symbol: str
    entries: Trend
    size: float | None = None
    pid: int = 0


def sentence(container: Container, unit: str, resident: float, limit: int | None, process: Trend) -> str:
    """Say what a container does; of one that grows, when memory will be used up at ``limit`` bytes."""
    entries = container.entries
    if entries.kind == CONSTANT:
        return f"{container.symbol} stays at {entries.last:,.0f} entries"
    if entries.kind == BOUNDED:
        return f"{container.symbol} is bounded: it levels off at {entries.last:,.0f} entries"
    amount = "" if container.size is None else f" and {size(container.size)}"
    text = f"{container.symbol} grows {rate(entries.slope)} entries{amount} {per(unit)}"
    pace = process.slope if process.kind == LINEAR else container.size or 0.0
    return text + exhausted(pace, unit, resident, limit)


def filling_sentence(container: Container, unit: str, bound: int | None) -> str:
    """Say of a container that rose all the time and declares a bound that it did not reach."""
    entries = container.entries
    return (
        f"{container.symbol} fills, {rate(entries.slope)} entries {per(unit)}: it has {entries.last:,.0f} of the {bound or 0:,}"
        f" that it says it keeps at most, which these {unit}s did not reach"
    )


def memory_sentence(process: Trend, unit: str, resident: float, limit: int | None, units: float) -> str:
    """Say what the memory of the process does over ``units`` calls or seconds."""
    pace = f"{size(process.slope)} ± {_bound(process.error)} a {unit}"
    if process.kind == LINEAR:
        return f"memory grows {pace}" + exhausted(process.slope, unit, resident, limit)
    if process.kind == FILLING:
        return f"memory grows {pace} while holders fill that have a bound"
    if process.kind == BOUNDED:
        return f"memory is bounded: it levels off ({pace} over all)"
    if math.isinf(process.error):
        return f"memory: too few samples in {units:,.0f} {unit}s to tell"
    return f"memory stays: {pace} over {units:,.0f} {unit}s"


def exhausted(pace: float, unit: str, resident: float, limit: int | None) -> str:
    """Return after how many units memory is used up, as the end of a sentence; nothing without a limit or a pace."""
    if limit is None or pace <= 0 or limit <= resident:
        return ""
    return f": out of memory after about {_rounded((limit - resident) / pace)} {unit}s at the limit of {size(limit)}"


def _rounded(count: float) -> str:
    """Return two digits of a large count, for no more of them are known."""
    if count < 100:
        return f"{count:.0f}"
    digits = int(math.log10(count)) - 1
    return f"{round(count / 10**digits) * 10**digits:,d}"


def per(unit: str) -> str:
    """Return a unit with its article: ``a call``, ``an hour``."""
    return f"an {unit}" if unit == "hour" else f"a {unit}"


def rate(value: float) -> str:
    """Return a rate with as many digits as it needs: ``3.0``, ``0.25``, ``1,200``."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 1 else f"{value:.2g}"


def _bound(error: float) -> str:
    return "?" if math.isinf(error) else size(error)
