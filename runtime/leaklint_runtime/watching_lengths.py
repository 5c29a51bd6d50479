"""The lengths of a running program's containers, sampled without a collection and without holding what lives.

Between two samples nothing of the program is referred to: of each container that has a few entries its identity and length are
kept, as numbers. Addresses are used again, so one that is longer than before proves nothing; a container that was longer at
two samples in a row of its rises is *held*, and only from then on its series counts as that of one container. ``release`` lets
go of those that nobody else refers to; call it often, for until then they live longer than they would.
"""

from __future__ import annotations

import os
import sys
import threading
from itertools import compress, filterfalse
from typing import Any, Iterator, Sequence

from . import clone, early
from .discovery.candidates import exit_callbacks
from .discovery.measures import Length, length_of, measured_types
from .discovery.population import ALONE
from .early import get_objects, get_referents, getrefcount, is_tracked
from .growth import Point

BATCH = 5_000  # objects looked at in one go: between two of them other threads get their turn
LEAST = 8  # entries: what has fewer is not followed
RISES = 2  # of a container that is not held yet
KEPT = 60  # points of a series: where there are more, every second one is dropped
MOST_HELD, MOST_RISING = 256, 10_000
PATIENCE = 30  # samples without a rise, or four times the longest rest so far: then a container is no longer held
FROZEN = 1_000  # objects from which on those that the collector was told to pass over are looked for, too
UNTRACKED = sys.version_info < (3, 14)  # dicts of text and numbers alone, which the collector does not list
_DICT = frozenset([dict])


class LengthSampler:
    """Call ``sample`` now and then, and ``release`` more often; ``series`` are the containers that rose.

    ``objects`` and ``containers`` are the numbers of those looked at in the last sample; ``callbacks`` are the points of
    ``atexit``'s registry, which no container shows. ``ours`` are objects of the caller that are passed over.
    """

    def __init__(self, ours: Sequence[Any] = ()) -> None:
        self.ours = list(ours)
        self.objects = self.containers = 0
        self.callbacks: list[Point] = []
        self.x = 0.0
        self.interrupted = False  # set by a thread that forks, to end a sample early; it counts for nothing then
        self._held: list[Any] = []
        self._series: dict[int, list[Point]] = {}  # by identity, of those held
        self._rising: dict[int, list[Point]] = {}  # by identity, of those not held yet
        self._last: dict[int, int] = {}
        _hook()

    def series(self) -> list[tuple[Any, tuple[Point, ...]]]:
        """Return the containers that are held with their points (x, entries), the first from before their first rise."""
        return [(obj, tuple(self._series[id(obj)])) for obj in self._held]

    def holds(self) -> bool:
        """Tell whether anything is held, so that ``release`` has something to do."""
        return bool(self._held)

    def release(self) -> None:
        """Let go of the containers that nobody else refers to."""
        counts = list(map(getrefcount, self._held))
        if ALONE in counts:
            self._keep([count != ALONE for count in counts])

    def sample(self, x: float) -> bool:
        """Note the lengths of all containers at ``x``, which rises from sample to sample; False if a fork interrupted it."""
        with _Forks.lock:
            _Forks.sampling = self
            self._sample(x)
            _Forks.sampling = None
            completed, self.interrupted = not self.interrupted, False
        return completed

    def _sample(self, x: float) -> None:
        self.release()
        kinds = measured_types()
        self._follow(x)
        skipped = self._own()
        skipped.update(map(id, self._held))
        now: dict[int, int] = {}
        self.objects = self.containers = 0
        for objects, lengths in self._long(kinds):
            for obj, length in zip(objects, lengths):
                if id(obj) not in now and id(obj) not in skipped:
                    now[id(obj)] = length
                    if length > self._last.get(id(obj), length):
                        self._rose(obj, x, length)
        if self.interrupted:
            return
        for place in [place for place, points in self._rising.items() if now.get(place, 0) < points[0][1]]:
            del self._rising[place]
        if len(self._rising) > MOST_RISING:
            self._rising.clear()  # nothing stands out; those that go on will come again
        self._last, self.x = now, x
        _note(self.callbacks, (x, float(exit_callbacks())))

    def _follow(self, x: float) -> None:
        """Note the lengths of those that are held, and let go of those that rise no longer."""
        goes_on = []
        for obj in self._held:
            points = self._series[id(obj)]
            _note(points, (x, float(length_of(obj))))
            goes_on.append(not _rests(points, x - self.x))
        if not all(goes_on):
            self._keep(goes_on)

    def _keep(self, chosen: list[bool]) -> None:
        self._held = list(compress(self._held, chosen))
        places = set(map(id, self._held))
        self._series = {place: points for place, points in self._series.items() if place in places}

    def _rose(self, container: Any, x: float, length: int) -> None:
        points = self._rising.setdefault(id(container), [(self.x, float(self._last[id(container)]))])
        points.append((x, float(length)))
        if len(points) > RISES and len(self._held) < MOST_HELD:
            self._held.append(container)
            self._series[id(container)] = self._rising.pop(id(container))

    def _long(self, kinds: dict[Any, Length]) -> Iterator[tuple[list[Any], list[int]]]:
        """Yield batches of containers that have a few entries, and their lengths."""
        objects = get_objects()
        if early.get_freeze_count() > FROZEN:
            objects = _reachable()
        self.objects = len(objects)
        while objects and not self.interrupted:
            part = objects[-BATCH:]
            del objects[-BATCH:]  # what dies meanwhile is let go of as soon as it was looked at
            members = list(compress(part, map(kinds.__contains__, map(type, part))))
            if UNTRACKED:
                held = get_referents(*part)
                members += filterfalse(is_tracked, compress(held, map(_DICT.__contains__, map(type, held))))
                del held
            self.containers += len(members)
            lengths = [kinds[type(obj)](obj) for obj in members]
            long = list(map(LEAST.__le__, lengths))
            yield list(compress(members, long)), list(compress(lengths, long))
            del part, members

    def _own(self) -> set[int]:
        """Return the identities of the containers that this object is made of, and of those of its owner."""
        parts: list[Any] = [vars(self), self.ours, self.callbacks, self._held, self._series, self._rising, self._last]
        parts += [*self.ours, *self._series.values(), *self._rising.values()]
        return set(map(id, parts))


def _rests(points: Sequence[Point], step: float) -> bool:
    """Tell whether the last rise is long ago, in samples of ``step`` and by the rests between rises so far."""
    rises = [right[0] for left, right in zip(points, points[1:]) if right[1] > left[1]]
    rest = points[-1][0] - (rises[-1] if rises else points[0][0])
    longest = max((right - left for left, right in zip([points[0][0], *rises], rises)), default=0.0)
    return rest > max(PATIENCE * step, 4 * longest)


def _note(points: list[Point], point: Point) -> None:
    """Add a point; where there are too many, drop every second one but the first and the last."""
    points.append(point)
    if len(points) > KEPT:
        points[1:-1] = points[2:-1:2]


def _reachable() -> list[Any]:
    """Return all objects that the collector tracks and that modules lead to, or what the collector still lists."""
    found = {id(obj): obj for obj in get_objects()}
    level: list[Any] = [*sys.modules.values(), *found.values()]
    while level:
        fresh: dict[int, Any] = {}
        for start in range(0, len(level), BATCH):
            held = get_referents(*level[start : start + BATCH])
            fresh.update((id(obj), obj) for obj in filter(is_tracked, held) if id(obj) not in found)
        found.update(fresh)
        level = list(fresh.values())
    return list(found.values())


class _Forks:
    """The sample that is being taken: what it refers to would never be let go of in a child that is forked meanwhile."""

    lock = threading.Lock()
    sampling: LengthSampler | None = None
    hooked = False


def _hook() -> None:
    if not _Forks.hooked and hasattr(os, "register_at_fork"):
        os.register_at_fork(before=_before, after_in_parent=_after, after_in_child=_in_child)
        _Forks.hooked = True


def _before() -> None:
    if not clone.inside():
        if _Forks.sampling is not None:
            _Forks.sampling.interrupted = True
        _Forks.lock.acquire()


def _after() -> None:
    if not clone.inside():
        _Forks.lock.release()


def _in_child() -> None:
    if not clone.inside():
        _Forks.lock = threading.Lock()
        _Forks.sampling = None
