"""Which holders grow while a command runs: what the agent samples beside memory, and names while it runs and at its end.

A command imports, fills its caches and ends, so growth has to be more than that: it counts from the end of the start-up on (see
``Growing.since``), goes on to the end at undiminished pace, is kept by something that still lives then, and amounts to as
much as the memory of a process has to gain to count as growing.
"""

from __future__ import annotations

import sys
import time
from typing import Any, Callable, Sequence

from . import footprint, growth, watching_lines, watching_naming
from .discovery.model import FILLING, GrowingHolder, StoringLine, to_json
from .fit import LINEAR
from .watching import Grower, growers
from .watching_lengths import LengthSampler

REST = 10.0  # times what a sample took: a measured command may be slowed down by a tenth
LEAST_POINTS = 8  # after the start-up
QUIET = (
    0.2  # of the time so far: the start-up ends with the first stretch as long as this in which no module is imported
)
QUIET_SAMPLES = 5
TRACED, WINDOWS, BETWEEN = 1.0, 5, 5.0  # seconds traced at most, how often, and seconds between
FIRST = 10.0  # seconds after which holders are named for the first time while the command runs; then at twice the time
Write = Callable[[Any], None]


class Growing:
    """Call ``sample`` often: it takes one when it is due. ``end`` is the last word; ``write`` takes lines for the profile."""

    def __init__(self, interval: float, write: Write, ours: Sequence[Any] = ()) -> None:
        self.interval, self.write = interval, write
        self.started = time.monotonic()
        self.modules: list[growth.Point] = []
        self.stores: dict[int, tuple[StoringLine, ...]] = {}
        self.names: dict[int, GrowingHolder] = {}
        self.lengths = LengthSampler([*ours, self.modules, self.stores, self.names])
        self.due, self.naming_due, self.tracing_due, self.windows = 0.0, FIRST, 0.0, 0

    def sample(self) -> None:
        """Sample if it is time, trace for a moment if something grows, and name it now and then."""
        x = time.monotonic() - self.started
        if x < self.due:
            self.lengths.release()
            return
        began = time.thread_time()
        self._note(x)
        found = self._growers()
        self.due = x + max(self.interval, REST * (time.thread_time() - began))
        if found and self.windows < WINDOWS and x >= self.tracing_due:
            self._trace(found)
            self.windows, self.tracing_due = self.windows + 1, x + BETWEEN
        if found and x >= self.naming_due:
            self.naming_due = 2 * x
            self._name(found)

    def end(self) -> None:
        """Take the last sample, and name what grew to the end and is still there."""
        self._note(time.monotonic() - self.started)
        found = self._growers()
        if found:
            self._name(found)
        else:
            self.write({"holders": [], "notes": []})

    def _note(self, x: float) -> None:
        self.lengths.sample(x)
        count = float(len(sys.modules))
        if not self.modules or self.modules[-1][1] != count:
            self.modules.append((x, count))

    def _growers(self) -> list[Grower]:
        return growers(self.lengths, self.since(), LEAST_POINTS)

    def since(self) -> float:
        """Return the moment from which on growth counts: after the start-up, and after a fifth of the time so far."""
        now = self.lengths.x
        stretch = max(QUIET * now, QUIET_SAMPLES * self.interval)
        ends = [x for x, _ in self.modules[1:]] + [now]
        quiet = next((x for (x, _), end in zip(self.modules, ends) if end - x >= stretch), now)
        return max(quiet, growth.WARM * now)

    def _trace(self, growers: Sequence[Grower]) -> None:
        fresh = [item for item in growers if not self.stores.get(item.key)]
        gauges = [item.candidate().size for item in fresh]
        for item, stores in zip(fresh, watching_lines.stores(gauges, TRACED)):
            self.stores[item.key] = stores

    def _name(self, growers: Sequence[Grower]) -> None:
        began = time.time()
        named = watching_naming.holders(
            [item.candidate() for item in growers], [self, growers], footprint.machine_limit()
        )
        rows = []
        for place, holder in named.holders.items():
            key = growers[place].key
            holder = _named_as(holder, self.names.setdefault(key, holder))
            if _counts(holder, growers[place]):
                rows.append(holder._replace(stores=self.stores.get(key, ())))
        busy = [began, time.time()]  # there were copies of the process
        self.write({"holders": to_json(rows), "notes": [named.failure] if named.failure else [], "busy": busy})


def _counts(holder: GrowingHolder, grower: Grower) -> bool:
    """Tell whether a holder gained as many bytes as the memory of a process has to gain to count as growing."""
    gained = (holder.bytes_per_unit or 0.0) * (grower.points[-1][0] - grower.points[0][0])
    return holder.kind in (LINEAR, FILLING) and gained >= growth.MEMORY_FLOOR


def _named_as(holder: GrowingHolder, first: GrowingHolder) -> GrowingHolder:
    """Return the holder by the name that it had first: at the end its owner may hang on nothing but the last exception."""
    names = ("symbol", "module", "container", "scope", "owner", "path", "line", "retention")
    return holder._replace(**{name: getattr(first, name) for name in names})
