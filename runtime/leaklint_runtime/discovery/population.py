"""The containers of a process and how long they are, noted after each round at a cost far below that of a collection.

Before the first round the process is collected and frozen: what imports made need not be collected again, and its containers
are held here in plain lists, so that all their lengths are one ``map`` over a list. One that only this module still refers
to is let go. At the *fence* (after the warm-up) the identities of what the collector lists are noted: what it lists beyond
these later is *young*. Containers that were made in the rounds are looked up anew each time and known by their addresses
alone: they may be garbage of a later round, which nothing here may keep. An address that is used again gives a series that
rises by chance, which three rises up to the end of a run make unlikely.
"""

from __future__ import annotations

from itertools import compress
from operator import ne
from typing import Any, Callable, Iterator, NamedTuple, Sequence, Tuple

from .. import early
from ..early import get_objects, get_referents, getrefcount, is_tracked
from .measures import Length, measured_types

BATCH = 5_000
Change = Tuple[int, int]  # the number of the sample from which on, and the length


class Series(NamedTuple):
    """A container with its length at each sample, as (x, entries)."""

    obj: Any
    points: tuple[tuple[float, float], ...]


class ContainerGroup:
    """Containers that are counted by the same function: ``containers``, their ``last`` lengths, and the changes by identity."""

    def __init__(self, length: Length) -> None:
        self.length = length
        self.containers: list[Any] = []
        self.last: list[int] = []
        self.changes: dict[int, list[Change]] = {}

    def add(self, containers: Sequence[Any], lengths: Sequence[int]) -> None:
        """Hold more containers, whose lengths at this moment are given."""
        self.containers.extend(containers)
        self.last.extend(lengths)

    def sample(self, number: int) -> None:
        """Note which lengths are others than at the last sample."""
        self._let_go()
        now = list(map(self.length, self.containers))
        for place in compress(range(len(now)), map(ne, now, self.last)):
            obj = self.containers[place]
            if id(obj) not in self.changes:
                self.changes[id(obj)] = [(0, self.last[place])]
            self.changes[id(obj)].append((number, now[place]))
        self.last = now

    def _let_go(self) -> None:
        """Drop the containers that nobody but this group refers to."""
        counts = list(map(getrefcount, self.containers))
        if ALONE in counts:
            for obj in compress(self.containers, map(ALONE.__eq__, counts)):
                self.changes.pop(id(obj), None)
            others = list(map(ALONE.__ne__, counts))
            self.last = list(compress(self.last, others))
            self.containers = list(compress(self.containers, others))


def _alone() -> int:
    """Return the reference count that ``map`` sees of an object that only one list holds."""
    (count,) = map(getrefcount, [[]])
    return count


ALONE = _alone()


class Population:
    """Begin it before the first round, put up the fence after the warm-up, sample after each round, and ask what changed.

    ``ours`` returns further containers of the caller that are passed over, as this population's own are. ``_held`` are the
    identities of held dicts that were not tracked then: the collector lists them as new ones when they are tracked later.
    """

    def __init__(self, ours: Callable[[], Sequence[Any]] = tuple) -> None:
        self.ours = ours
        self.xs: list[float] = []
        self.groups: dict[Length, ContainerGroup] = {}
        self.types: dict[int, list[tuple[int, int]]] = {}
        self._young: dict[int, int] = {}
        self._changes: dict[int, list[Change]] = {}
        self._held: set[int] = set()
        self._loose: dict[int, list[Change]] = {}
        self.before: set[int] = set()

    def begin(self) -> None:
        """Collect, hold every container that is alive, and freeze: what was there before the program's first round is old."""
        early.unfreeze()
        early.collect()
        own = self.own()
        objects = [obj for obj in get_objects() if id(obj) not in own]
        kinds = measured_types()
        found: dict[Length, list[Any]] = {length: [] for length in kinds.values()}
        for obj in objects:
            length = kinds.get(type(obj))
            if length is not None:
                found[length].append(obj)
        untracked = _untracked_dicts(objects)
        found[dict.__len__] += untracked
        self._held.update(map(id, untracked))
        for length, members in found.items():
            group = self.groups[length] = ContainerGroup(length)
            group.add(members, list(map(length, members)))
        del objects, found, untracked
        early.freeze()

    def fence(self, x: float) -> None:
        """From here on growth counts, and objects count as young. The heap should have been collected."""
        self.sample(x)
        self.xs = [x]
        self._changes.clear()
        self.types.clear()
        for group in self.groups.values():
            group.changes.clear()
        self._loose.clear()
        self.look_for_untracked()
        self._count_types(get_objects(), 0)
        self.before = set(map(id, get_objects()))

    def young(self) -> list[Any]:
        """Return the objects that were made since the fence."""
        return [obj for obj in get_objects() if id(obj) not in self.before]

    def sample(self, x: float) -> None:
        """Note the lengths of all containers and the numbers of young objects. The heap should have been collected."""
        number = len(self.xs)
        self.xs.append(x)
        for group in self.groups.values():
            group.sample(number)
        objects = get_objects()
        # an address that is used again is that of a young object, so those of what is gone are forgotten
        self.before.intersection_update(set(map(id, objects)))
        self._sample_young(objects, number)
        self._count_types(objects, number)

    def _count_types(self, objects: list[Any], number: int) -> None:
        """Note how many objects of each type the collector lists; types by identity, for they must be free to go.

        Those of the warm-up count, too: in a cache that is full, young ones take their places.
        """
        counts: dict[int, int] = {}
        for kind in map(id, map(type, objects)):
            counts[kind] = counts.get(kind, 0) + 1
        for kind, count in counts.items():
            noted = self.types.setdefault(kind, [])
            if not noted or noted[-1][1] != count:
                noted.append((number, count))
        for kind in self.types.keys() - counts.keys():
            if self.types[kind][-1][1]:
                self.types[kind].append((number, 0))

    def _sample_young(self, containers: list[Any], number: int) -> None:
        """Note the lengths of young containers by identity: held here, they could not go, nor what they refer to."""
        kinds = measured_types()
        skipped = self.own() | self._held
        lengths = {id(obj): kinds[type(obj)](obj) for obj in containers if type(obj) in kinds}
        for place in skipped & lengths.keys():
            del lengths[place]
        for place in self._changes.keys() - lengths.keys():
            del self._changes[place]
        for place in lengths.keys() & self._young.keys():
            before, now = self._young[place], lengths[place]
            if now != before and (now > before or place in self._changes):
                self._changes.setdefault(place, [(number - 1, before)]).append((number, now))
        self._young = lengths

    def look_for_untracked(self) -> None:
        """Note the lengths of dicts that the collector does not list, for they hold text and numbers alone.

        They are found through the objects that it does list; what a module or a class holds is left to ``Slots``.
        """
        number = len(self.xs) - 1
        now = {id(obj): len(obj) for obj in _untracked_dicts(get_objects()) if id(obj) not in self._held}
        self._loose = {place: [*self._loose.get(place, ()), (number, length)] for place, length in now.items()}

    def changed(self) -> Iterator[Series]:
        """Yield the containers that are longer now than they were."""
        for group in self.groups.values():
            objects = {id(obj): obj for obj in group.containers if id(obj) in group.changes}
            yield from self._series(objects, group.changes)
        yield from self._series({id(obj): obj for obj in get_objects() if id(obj) in self._changes}, self._changes)

        loose = {id(obj): obj for obj in _untracked_dicts(get_objects()) if id(obj) in self._loose}
        for place, obj in loose.items():
            noted = self._loose[place]
            if noted[-1][1] > noted[0][1]:
                yield Series(obj, tuple((self.xs[number], float(length)) for number, length in noted))

    def _series(self, containers: dict[int, Any], changes: dict[int, list[Change]]) -> Iterator[Series]:
        for place, obj in containers.items():
            if changes[place][-1][1] > changes[place][0][1]:
                yield Series(obj, tuple(self._points(changes[place])))

    def numbers(self) -> dict[int, tuple[tuple[float, float], ...]]:
        """Return for each type (by identity) how many objects of it the collector listed, as (x, number)."""
        return {
            kind: tuple(self._points(noted if noted[0][0] == 0 else [(0, 0), *noted]))
            for kind, noted in self.types.items()
        }

    def _points(self, changes: Sequence[Change]) -> Iterator[tuple[float, float]]:
        """Yield (x, length) for each sample from the first change on: the length stays until the next change."""
        steps = dict(changes)
        length = 0
        for number in range(changes[0][0], len(self.xs)):
            length = steps.get(number, length)
            yield self.xs[number], float(length)

    def own(self) -> set[int]:
        """Return the identities of the containers that this population itself is made of."""
        kept = (self.xs, self.groups, self.types, self._young, self._held, self._changes, self.before, self._loose)
        found = {id(vars(self)), *map(id, kept)}
        found.update(map(id, self.ours()))
        found.update(map(id, [*self.types.values(), *self._changes.values(), *self._loose.values()]))
        for group in self.groups.values():
            parts = (
                vars(group),
                group.containers,
                group.last,
                group.changes,
                *group.changes.values(),
            )
            found.update(map(id, parts))
        return found


def _untracked_dicts(objects: Sequence[Any]) -> list[Any]:
    """Return the dicts that the collector does not track, among what ``objects`` refer to, each once.

    Up to Python 3.13 a dict of text and numbers alone is not tracked.
    """
    found: dict[int, Any] = {}
    for start in range(0, len(objects), BATCH):
        for held in get_referents(*objects[start : start + BATCH]):
            if type(held) is dict and not is_tracked(held):
                found[id(held)] = held
    return list(found.values())
