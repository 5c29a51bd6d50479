"""What a watch says of the holders that grow: an hour is the unit, and a line of a log the form."""

from __future__ import annotations

from typing import Any, NamedTuple

from . import growth
from .discovery import text
from .discovery.model import FILLING, GrowingHolder, to_json
from .fit import LINEAR
from .growth import Point

HOUR = 3600.0


class Observed(NamedTuple):
    """A holder that grows in a running program: its rates are a second's, ``points`` are (seconds, entries).

    ``size`` are the bytes that emptying it would free now, by what that freed when it was named; ``resident`` are the bytes
    of the process, ``limit`` those that it may use, ``memory`` the trend of its resident bytes.
    """

    holder: GrowingHolder
    points: tuple[Point, ...]
    resident: float
    limit: int | None
    memory: growth.Trend
    size: float | None = None

    @property
    def entries_per_hour(self) -> float:
        """Return the entries gained an hour."""
        return self.holder.entries.slope * HOUR

    @property
    def bytes_per_hour(self) -> float | None:
        """Return the bytes gained an hour, by what emptying it frees; None where that is not known."""
        found = self.holder.bytes_per_unit
        return None if found is None else found * HOUR

    @property
    def hours_left(self) -> float | None:
        """Return after how many hours the memory is used up, at the pace of the process, else of the holder."""
        pace = self.memory.slope * HOUR if self.memory.kind == LINEAR else self.bytes_per_hour or 0.0
        if self.limit is None or pace <= 0:
            return None
        return max(0.0, (self.limit - self.resident) / pace)


def sentence(observed: Observed) -> str:
    """Say how fast a holder grows, and until when the memory lasts."""
    holder, hourly = observed.holder, observed.memory._replace(slope=observed.memory.slope * HOUR)
    trend = holder.entries._replace(slope=observed.entries_per_hour)
    container = growth.Container(holder.symbol, trend, observed.bytes_per_hour, holder.pid)
    if holder.kind == FILLING:
        return growth.filling_sentence(container, "hour", holder.bound)
    return growth.sentence(container, "hour", observed.resident, observed.limit, hourly)


def line(observed: Observed) -> str:
    """Return all that is known of a holder in one line, for a log."""
    parts = [part.strip() for part in text.lines(observed.holder, "hour")]
    return "; ".join([sentence(observed), *parts])


def lines(observed: Observed) -> list[str]:
    """Return all that is known of a holder, for people."""
    return [sentence(observed), *text.lines(observed.holder, "hour")]


def plain(observed: Observed) -> dict[str, Any]:
    """Return the JSON form of a holder, with its rates an hour and its history."""
    return {
        **to_json(observed.holder),
        "entries_per_hour": observed.entries_per_hour,
        "bytes_per_hour": observed.bytes_per_hour,
        "hours_left": observed.hours_left,
        "size": observed.size,
        "text": lines(observed),
        "points": [[round(x, 3), int(entries)] for x, entries in observed.points],
    }
