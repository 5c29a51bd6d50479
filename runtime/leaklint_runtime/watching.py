"""Watch a service while it runs: ``watch()`` says which holders grow, how fast, and until when the memory lasts.

A thread samples the lengths of all containers now and then. It collects nothing and freezes nothing; what grows is named in a
forked copy of the process, once. The samples take at most 1 % of a core: the watch rests for as long as that asks for.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from contextlib import suppress
from typing import Any, Callable, Dict, NamedTuple, Sequence

from . import clone, footprint, growth, watching_lines, watching_naming, watching_text, wire
from .discovery.candidates import CONTAINER, REGISTRY, Candidate
from .discovery.model import FILLING, GrowingHolder
from .fit import LINEAR
from .growth import Point, Trend
from .watching_lengths import LengthSampler, _note
from .watching_text import Observed

SHARE = 0.01  # of a core that the samples may take
LEAST_POINTS = 8  # of a series, before it is judged
TICK = 1.0  # seconds after which what died is let go of
LEASE = 60.0  # seconds without a question after which a watch ends that was started from outside
AGAIN = 3600.0  # seconds after which a holder that still grows is logged again
NAMING = 10  # times the share that naming may take: it happens once for each holder
TRACED = 1.0  # seconds for which the threads are traced at most
_logger = logging.getLogger("leaklint")
Report = Dict[str, Any]
Callback = Callable[[Report], Any]


class Grower(NamedTuple):
    """A container that rises to the end (None for ``atexit``'s registry), with its points and their fit."""

    obj: Any
    points: tuple[Point, ...]
    trend: Trend

    @property
    def key(self) -> int:
        """Return what stands for the container."""
        return id(self.obj)

    def candidate(self) -> Candidate:
        """Return it as what can be named."""
        return Candidate(REGISTRY if self.obj is None else CONTAINER, self.obj, self.points, self.trend)


def growers(lengths: LengthSampler, since: float = 0.0, least: int = LEAST_POINTS) -> list[Grower]:
    """Return what rises to the end from ``since`` on, the steepest first."""
    rows = [*lengths.series(), (None, tuple(lengths.callbacks))]
    found = []
    for obj, points in rows:
        points = tuple(point for point in points if point[0] >= since)
        trend = growth.count_trend(points) if len(points) >= least else None
        if trend is not None and trend.kind == LINEAR:
            found.append(Grower(obj, points, trend))
    return sorted(found, key=lambda item: -item.trend.slope)


class ServiceWatch:
    """A watch of this process; see ``watch``, which starts it."""

    def __init__(
        self,
        every: float,
        callback: Callback | None = None,
        log: bool = True,
        file: str | None = None,
        trace: bool = False,
        share: float = SHARE,
        lease: float | None = None,
    ) -> None:
        self.every, self.callback, self.log, self.file, self.trace = every, callback, log, file, trace
        self.share = share
        self.lease = lease  # seconds after the last question at which it ends by itself
        self.listens = False
        self.begin()

    def begin(self) -> None:
        """Start afresh: at the beginning, and in a forked child."""
        self.started = time.monotonic()
        self.names: dict[int, GrowingHolder | None] = {}
        self.logged: dict[str, float] = {}
        self.memory: list[Point] = []
        self.lengths = LengthSampler([self.memory, self.names, self.logged])
        self.observed: tuple[Observed, ...] = ()
        self.notes: tuple[str, ...] = ()
        self.samples, self.seconds, self.rest, self.naming_due = 0, 0.0, 0.0, 0.0
        self.asked, self.hurry = self.started, self.every  # seconds between samples while somebody asks
        self.traced: set[int] = set()
        self._stopped = threading.Event()
        self.thread = threading.Thread(target=self._run, name="leaklint watch", daemon=True)
        self.thread.start()

    def stop(self) -> None:
        """End the watch. What it holds is let go of; a new call of ``watch`` starts another one."""
        self._stopped.set()
        if threading.current_thread() is not self.thread:
            self.thread.join()
        with _starting:
            if self in _watches:
                _watches.remove(self)

    def ask(self, every: float, trace: bool) -> None:
        """Sample every so many seconds for as long as somebody asks, at the same cost; with ``trace`` look for lines."""
        self.asked, self.hurry, self.trace = time.monotonic(), every, self.trace or trace

    def interval(self) -> float:
        """Return the seconds between two samples at present."""
        hurries = time.monotonic() - self.asked < max(LEASE, 4 * self.hurry)
        return max(min(self.every, self.hurry) if hurries else self.every, self.rest)

    @property
    def running(self) -> bool:
        """Tell whether it watches."""
        return not self._stopped.is_set()

    def _run(self) -> None:
        last = self._now()
        while not self._stopped.wait(max(0.0, min(last + self.interval() - self._now(), TICK))):
            self.lengths.release()
            if self.lease is not None and time.monotonic() - self.asked > self.lease:
                self.stop()
            elif self._now() >= last + self.interval():
                try:
                    self.step()
                except Exception as error:
                    self.notes = (f"a sample failed: {type(error).__name__}: {error}",)
                last = self._now()
        self.lengths = LengthSampler()

    def _now(self) -> float:
        return time.monotonic() - self.started

    def step(self) -> None:
        """Sample, judge, and say what is new. The watch does so by itself."""
        began = time.thread_time()
        x = self._now()
        if not self.lengths.sample(x):
            return
        with suppress(footprint.FootprintError):
            _note(self.memory, (x, float(footprint.resident())))
        found = growers(self.lengths, growth.WARM * x)
        spent = time.thread_time() - began
        self.samples += 1
        self.seconds += spent
        self.rest = spent / self.share
        self._name(found)
        if self.trace:
            self._trace(found)
        self._observe(found)
        self._say()

    def _name(self, growers: Sequence[Grower]) -> None:
        """Name what is new, not more often than it may cost: the process stands still while it is forked."""
        alive = {item.key for item in growers} | {id(obj) for obj, _ in self.lengths.series()}
        for key in self.names.keys() - alive:
            del self.names[key]
        fresh = [item for item in growers if item.key not in self.names][: watching_naming.MOST]
        if not fresh or self._now() < self.naming_due:
            return
        began = time.monotonic()
        avoided = [self, growers, fresh]
        named = watching_naming.holders([item.candidate() for item in fresh], avoided, footprint.machine_limit())
        for place, item in enumerate(fresh):
            self.names[item.key] = named.holders.get(place)
        self.notes = (named.failure,) if named.failure else ()
        self.naming_due = self._now() + max(self.interval(), (time.monotonic() - began) / (NAMING * self.share))

    def _trace(self, growers: Sequence[Grower]) -> None:
        """Look for the lines that store into the holders for which none was looked for yet."""
        fresh = [item for item in growers if self.names.get(item.key) and item.key not in self.traced]
        if fresh:
            gauges = [item.candidate().size for item in fresh]
            for item, stores in zip(fresh, watching_lines.stores(gauges, TRACED)):
                self.traced.add(item.key)
                holder = self.names[item.key]
                if holder is not None:
                    self.names[item.key] = holder._replace(stores=stores)

    def _observe(self, growers: Sequence[Grower]) -> None:
        memory = growth.trend(self.memory, growth.MEMORY_FLOOR)
        resident, limit = self.memory[-1][1] if self.memory else 0.0, footprint.machine_limit()
        rows = []
        for item in growers:
            holder = self.names.get(item.key)
            if holder is not None and _counts(holder, item):
                full = holder.kind == FILLING and item.points[-1][1] > (holder.bound or 0)
                kind = LINEAR if full else holder.kind  # it has passed the bound that it declares
                size = _size_now(holder, item.points[-1][1])
                holder = holder._replace(entries=item.trend, kind=kind, pid=os.getpid())
                rows.append(Observed(holder, item.points, resident, limit, memory, size))
        self.observed = tuple(rows)

    def _say(self) -> None:
        """Log the holders that grow and were not logged yet, or long ago, and call back if there are any; write the file."""
        now = self._now()
        rising = [item for item in self.observed if item.holder.kind == LINEAR]
        fresh = [item for item in rising if now - self.logged.get(item.holder.symbol, -AGAIN) >= AGAIN]
        for item in fresh:
            self.logged[item.holder.symbol] = now
            if self.log:
                _logger.warning("leaklint: %s", watching_text.line(item), extra={"leaklint": watching_text.plain(item)})
        if self.file is not None:
            self._write(self.file.replace("{pid}", str(os.getpid())))
        if fresh and self.callback is not None:
            try:
                self.callback(self.report())
            except Exception:
                _logger.exception("leaklint: the callback of a watch failed")

    def _write(self, path: str) -> None:
        part = f"{path}.{os.getpid()}.part"
        with suppress(OSError):
            with open(part, "w", encoding="ascii") as target:
                target.write(wire.dumps(self.report()) + "\n")
            os.replace(part, path)

    def report(self) -> Report:
        """Return what is known now, as values that JSON has; ``holders`` are those that grow or fill, the steepest first."""
        seconds, observed = self._now(), self.observed
        resident = self.memory[-1][1] if self.memory else None
        return {
            "version": 1,
            "pid": os.getpid(),
            "seconds": seconds,
            "samples": self.samples,
            "interval": self.interval(),
            "cost": {"seconds": self.seconds, "share": self.seconds / seconds if seconds else 0.0},
            "objects": self.lengths.objects,
            "containers": self.lengths.containers,
            "resident": resident,
            "limit": footprint.machine_limit(),
            "growing": any(item.holder.kind == LINEAR for item in observed),
            "holders": [watching_text.plain(item) for item in observed],
            "notes": list(self.notes),
        }


def _counts(holder: GrowingHolder, grower: Grower) -> bool:
    """Tell whether a holder gained as many bytes as memory has to gain to count as growing, where that is known."""
    now = _size_now(holder, grower.points[-1][1])
    return now is None or now * (1 - grower.points[0][1] / grower.points[-1][1]) >= growth.MEMORY_FLOOR


def _size_now(holder: GrowingHolder, entries: float) -> float | None:
    """Return the bytes that a holder keeps now that it has so many entries, by what emptying it freed when it was named."""
    if holder.freed is None or holder.freed.size < 0 or not holder.entries.last:
        return None
    return holder.freed.size * entries / holder.entries.last


_watches: list[ServiceWatch] = []
_starting = threading.RLock()
_hooked: list[bool] = []


def watch(
    every: float = 60.0,
    callback: Callback | None = None,
    log: bool = True,
    file: str | None = None,
    trace: bool = False,
    listen: bool = False,
    share: float = SHARE,
) -> ServiceWatch:
    """Watch this process from now on, in a thread, and return the watch; where there is one already, that one.

    ``every`` are the seconds between two samples at least; after a sample that took t seconds of the processor it rests for
    t / ``share``. When a holder is seen to grow, one line goes to the logger
    ``leaklint`` unless ``log`` is off, the report (see ``ServiceWatch.report``) as JSON to ``file`` (``{pid}`` in it stands
    for the process) after each sample, and to ``callback``, in the thread of the watch. With ``trace`` the threads are traced
    for at most a second when a new holder grows, to see which line stores: what runs then is slowed down many times. With
    ``listen`` the process can be asked by ``leaklint watch PID``. A forked child gets a watch of its own.

    Raises ``ValueError`` for an interval or share that is not above 0, and ``OSError`` where it cannot listen.
    """
    if not every > 0:
        raise ValueError(f"every must be a number of seconds above 0, not {every!r}")
    if not 0 < share <= 1:
        raise ValueError(f"share must be above 0 and at most 1, not {share!r}")
    with _starting:
        if not _watches:
            _watches.append(ServiceWatch(every, callback, log, file, trace, share))
            _hook()
        if listen and not _watches[0].listens:
            from . import inside

            inside.listen()
            _watches[0].listens = True
        return _watches[0]


def asked(every: float, trace: bool = False) -> ServiceWatch:
    """Return the watch of this process for somebody who asks from outside; one that is started for this logs nothing.

    It ends when nobody has asked for a while. One that is there samples as often as asked for, for as long.
    """
    with _starting:
        if not _watches:
            _watches.append(ServiceWatch(every, log=False, trace=trace, lease=max(LEASE, 4 * every)))
            _hook()
        _watches[0].ask(every, trace)
        return _watches[0]


def _hook() -> None:
    if not _hooked and hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=_again)
        _hooked.append(True)


def _again() -> None:
    """Give a forked child its own watch, unless it is a copy in which holders are named."""
    global _starting
    if clone.inside():
        return
    _starting = threading.RLock()
    for item in list(_watches):
        if item.lease is not None or not item.running:
            _watches.remove(item)  # nobody asks the child
        else:
            item.begin()
            if item.listens:
                from . import inside

                with suppress(OSError):
                    inside.listen()
