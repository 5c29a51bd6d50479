"""The containers of a process and how long they are, noted after each round at a cost far below that of a collection.

At the *fence* (after the warm-up) the process is collected and frozen: what the collector lists from then on is young. The
containers behind the fence are held here in plain lists, so that all their lengths are one ``map`` over a list; a
container that only this module still refers to is let go at the next sample. Young containers are looked up anew each
time, and held from the second time on that one of them has grown, because addresses are used again.
"""

from __future__ import annotations

from itertools import compress
from operator import ne
from typing import Any, Iterator, NamedTuple, Sequence, Tuple

from .. import early
from ..early import get_objects, get_referents, getrefcount, is_tracked
from .measures import Length, measured_types

BATCH = 5_000
Change = Tuple[int, int]  # the number of the sample from which on, and the length


class Series(NamedTuple):
    """A container with its length at each sample, as (x, entries)."""

    thing: Any
    points: tuple[tuple[float, float], ...]


class Group:
    """Containers that are counted by the same function: ``things``, their ``last`` lengths, and the changes by identity.

    ``gone`` are the identities of those that were let go.
    """

    def __init__(self, length: Length) -> None:
        self.length = length
        self.things: list[Any] = []
        self.last: list[int] = []
        self.start: dict[int, Change] = {}
        self.changes: dict[int, list[Change]] = {}
        self.gone: set[int] = set()

    def add(self, things: Sequence[Any], lengths: Sequence[int]) -> None:
        """Hold more containers, whose lengths at this moment are given."""
        self.things.extend(things)
        self.last.extend(lengths)

    def sample(self, number: int) -> None:
        """Note which lengths are others than at the last sample."""
        self._let_go()
        now = list(map(self.length, self.things))
        for place in compress(range(len(now)), map(ne, now, self.last)):
            thing = self.things[place]
            if id(thing) not in self.changes:
                self.changes[id(thing)] = [self.start.get(id(thing), (0, self.last[place]))]
            self.changes[id(thing)].append((number, now[place]))
        self.last = now

    def _let_go(self) -> None:
        """Drop the containers that nobody but this group refers to."""
        counts = list(map(getrefcount, self.things))
        if ALONE in counts:
            for thing in compress(self.things, map(ALONE.__eq__, counts)):
                self.gone.add(id(thing))
                self.changes.pop(id(thing), None)
                self.start.pop(id(thing), None)
            others = list(map(ALONE.__ne__, counts))
            self.last = list(compress(self.last, others))
            self.things = list(compress(self.things, others))


def _alone() -> int:
    """Return the reference count that ``map`` sees of an object that only one list holds."""
    (count,) = map(getrefcount, [[]])
    return count


ALONE = _alone()


class Population:
    """Begin it at the fence, sample it after each round, and ask which containers changed.

    ``ours`` are further containers of the caller that are passed over, as this population's own are.
    """

    def __init__(self, ours: Sequence[Any] = ()) -> None:
        self.ours = ours
        self.xs: list[float] = []
        self.groups: dict[Length, Group] = {}
        self.types: dict[int, list[tuple[int, int]]] = {}
        self._young: dict[int, int] = {}
        self._held: set[int] = (
            set()
        )  # identities of young containers that a group holds, and of dicts not tracked at the fence

    def begin(self, x: float) -> None:
        """Put up the fence: collect, hold every container that is alive, and freeze."""
        early.unfreeze()
        early.collect()
        own = self.own()
        things = [thing for thing in get_objects() if id(thing) not in own]
        kinds = measured_types()
        found: dict[Length, list[Any]] = {length: [] for length in kinds.values()}
        for thing in things:
            length = kinds.get(type(thing))
            if length is not None:
                found[length].append(thing)
        untracked = _untracked_dicts(things)
        found[dict.__len__] += untracked
        self._held.update(map(id, untracked))
        for length, members in found.items():
            group = self.groups[length] = Group(length)
            group.add(members, list(map(length, members)))
        del things, found, untracked
        early.freeze()
        self.xs = [x]

    def sample(self, x: float) -> None:
        """Note the lengths of all containers and the numbers of young objects. The heap should have been collected."""
        number = len(self.xs)
        self.xs.append(x)
        for group in self.groups.values():
            group.sample(number)
        things = get_objects()
        self._count_types(things, number)
        self._sample_young(things, number)

    def _count_types(self, things: list[Any], number: int) -> None:
        """Note how many young objects of each type there are; types by identity, for they must be free to go."""
        counts: dict[int, int] = {}
        for kind in map(id, map(type, things)):
            counts[kind] = counts.get(kind, 0) + 1
        for kind, count in counts.items():
            noted = self.types.setdefault(kind, [])
            if not noted or noted[-1][1] != count:
                noted.append((number, count))
        for kind in self.types.keys() - counts.keys():
            if self.types[kind][-1][1]:
                self.types[kind].append((number, 0))

    def _sample_young(self, things: list[Any], number: int) -> None:
        kinds = measured_types()
        for group in self.groups.values():
            self._held -= group.gone
            group.gone.clear()
        skipped = self.own() | self._held
        members = [thing for thing in things if type(thing) in kinds and id(thing) not in skipped]
        lengths = {id(thing): kinds[type(thing)](thing) for thing in members}
        for thing in members:
            before = self._young.get(id(thing))
            if before is not None and lengths[id(thing)] > before:
                self._hold(thing, kinds[type(thing)], (number - 1, before), (number, lengths.pop(id(thing))))
        self._young = lengths

    def _hold(self, thing: Any, length: Length, before: Change, now: Change) -> None:
        group = self.groups.setdefault(length, Group(length))
        group.add([thing], [now[1]])
        self._held.add(id(thing))
        group.changes[id(thing)] = [before, now]

    def renew(self) -> None:
        """Hold the dicts of young objects that the collector does not track, too, as it lists only what holds objects."""
        known = {id(thing) for thing in self.groups[dict.__len__].things}
        members = [thing for thing in _untracked_dicts(get_objects()) if id(thing) not in known]
        group = self.groups[dict.__len__]
        number = len(self.xs) - 1
        self._held.update(map(id, members))
        group.start.update((id(thing), (number, len(thing))) for thing in members)
        group.add(members, list(map(len, members)))

    def changed(self) -> Iterator[Series]:
        """Yield the containers whose length is another than it was."""
        for group in self.groups.values():
            things = {id(thing): thing for thing in group.things if id(thing) in group.changes}
            for place, changes in list(group.changes.items()):
                if place in things and changes[-1][1] > changes[0][1]:
                    yield Series(things[place], tuple(self._points(changes)))

    def numbers(self) -> dict[int, tuple[tuple[float, float], ...]]:
        """Return for each type (by identity) how many young objects of it there were, as (x, number)."""
        return {kind: tuple(self._points([(0, 0), *noted])) for kind, noted in self.types.items()}

    def _points(self, changes: Sequence[Change]) -> Iterator[tuple[float, float]]:
        """Yield (x, length) for each sample from the first change on: the length stays until the next change."""
        steps = dict(changes)
        length = 0
        for number in range(changes[0][0], len(self.xs)):
            length = steps.get(number, length)
            yield self.xs[number], float(length)

    def own(self) -> set[int]:
        """Return the identities of the containers that this population itself is made of."""
        found = {id(part) for part in (vars(self), self.xs, self.groups, self.types, self._young, self._held)}
        found.update(map(id, self.ours))
        found.update(map(id, self.types.values()))
        for group in self.groups.values():
            parts = (
                vars(group),
                group.things,
                group.last,
                group.changes,
                group.start,
                group.gone,
                *group.changes.values(),
            )
            found.update(map(id, parts))
        return found


def _untracked_dicts(things: Sequence[Any]) -> list[Any]:
    """Return the dicts that the collector does not track, among what ``things`` refer to, each once.

    Up to Python 3.13 a dict of text and numbers alone is not tracked.
    """
    found: dict[int, Any] = {}
    for start in range(0, len(things), BATCH):
        for held in get_referents(*things[start : start + BATCH]):
            if type(held) is dict and not is_tracked(held):
                found[id(held)] = held
    return list(found.values())
