"""One discovery from the fence to the holders: sample after each round, then name, trace and empty what grew."""

from __future__ import annotations

import sys
from collections import Counter
from contextlib import suppress
from functools import partial
from typing import Any, Callable, Sequence

from .. import allocated, growth
from ..code_caches import CodeCaches
from ..early import ModuleType, collect, contents, get_objects, get_referents, is_a, is_tracked, perf_counter, ref
from ..fit import BOUNDED, CONSTANT, LINEAR
from ..patience import WAITS, Patience
from . import assembling, crowds, definitions, effects, families, naming, storing
from .candidates import (
    CONTAINER,
    EXACT_AT_EXIT,
    FAMILY,
    HIDDEN,
    REGISTRY,
    SLOT,
    Candidate,
    ChainLink,
    Gauge,
    entries,
    exit_callbacks,
    kept_now,
)
from .effects import EmptyingEffect, EmptyingEffects, Reach
from .labelling import named
from .model import FILLING, GrowingHolder, StoringLine
from .population import ContainerGroup, Population
from .slots import SlotHistory

NAMED, MEASURED, MOST_BOUNDED = 200, 64, 4  # candidates that are named, emptied and traced; bounded ones that are told
TRACED_ROUNDS, TRACED_SECONDS, EMPTIED_SECONDS = 12, 60.0, 20.0
SELDOM_ROUNDS, SELDOM_SHARE = 100, 0.2  # traced for what grows in one of many calls, and the share of the time for that
CROWD = 0.05  # of the young objects: from there on a type is looked into that no growing container leads to
SLOT_SIZE = 16  # bytes: less than what a registry of the interpreter allocates for a callback
TYPES = 8
SAMPLES = 24  # members of a crowd of objects whose paths are searched
_OWN = __name__.partition(".")[0]
Work = Callable[[], Any]
Tell = Callable[[Sequence[GrowingHolder]], None]


class Discovery:
    """Call ``begin`` before the first round, ``fence`` after the warm-up, ``sample`` after each round, at last ``holders``.

    The heap should have been collected each time.

    ``overhead`` are the bytes in use that belong to this object, or that the interpreter has added to code, to be taken off
    what a process is seen to use; None where the allocators cannot be asked. ``notes`` say what could not be done.
    """

    def __init__(self) -> None:
        self.slots = SlotHistory()
        self.callbacks: list[tuple[float, float]] = []
        self.population = Population(lambda: [vars(self), self.callbacks, *self.slots.containers()])
        self.overhead: int | None = 0
        self.caches = CodeCaches()
        self.begun = False
        self.notes: list[str] = []

    def begin(self) -> None:
        """Take what is there for old."""
        self._counted(self.caches.look)  # before what is there is frozen
        self._counted(self.population.begin)

    def fence(self, x: float) -> None:
        """From here on growth counts."""
        self._counted(lambda: self.slots.take(x))  # first: it makes dicts of the attributes that objects keep in line
        self._counted(lambda: self.population.fence(x))
        self.callbacks.append((x, float(exit_callbacks())))
        self._counted(self.caches.look)
        self.begun = True

    def sample(self, x: float, rare: bool = False) -> None:
        """Note all lengths; with ``rare`` also the sizes of values that are replaced, which takes longer."""
        if self.overhead is not None:
            self.overhead += self.caches.growth()
        self._counted(lambda: self._noted(x, rare))

    def _noted(self, x: float, rare: bool) -> None:
        self.population.sample(x)
        self.callbacks.append((x, float(exit_callbacks())))
        if rare:
            self.slots.take(x)
            self.population.look_for_untracked()

    def _counted(self, work: Work) -> None:
        """Do the work; note by how much more memory is in use after it, garbage left out."""
        collect()
        before = allocated.in_use()
        work()
        collect()
        after = allocated.in_use()
        if self.overhead is None or before is None or after is None:
            self.overhead = None
        else:
            self.overhead += after - before

    def growing(self) -> bool:
        """Tell whether a container, a value or the number of objects of a type rises to the end: then more rounds tell more.

        A container that rose not long ago has not been seen to settle, however seldom that was.
        """
        rows = [item.points for item in self.population.changed()]
        if self.slots.grown() or any(growth.rose_lately(points) for points in rows):
            return True
        rows += [points for points in self.population.numbers().values() if points[0][1] < points[-1][1]]
        return any(growth.count_trend(points).kind == LINEAR for points in rows)

    def holders(
        self, work: Work | None = None, seconds: float = float("inf"), tell: Tell = lambda found: None
    ) -> list[GrowingHolder]:
        """Return the holders whose entries rose, those that grow first, the largest of them first.

        ``work`` is one more round: it is called some more times, traced, to see which lines store. What is known before that
        is handed to ``tell``. Emptying and tracing end early where they would take more than ``seconds``.
        """
        end = perf_counter() + seconds
        own = _own_containers(self)
        young = set(map(id, self.population.young())) - own
        candidates = families.gathered(named(self._raw(own), [self]))
        reaches = [effects.reach(item.leads_to(), young, item.members) for item in candidates]
        candidates, reaches = outermost(candidates, reaches, young)
        others = self._unexplained(young, candidates, reaches)
        candidates += others
        reaches += [effects.reach(crowds.leads(item, young), young) for item in others]
        order = sorted(range(len(candidates)), key=lambda place: _rank(candidates[place], reaches[place]))[:MEASURED]
        candidates, reaches = [candidates[place] for place in order], [reaches[place] for place in order]
        patience = Patience(min(EMPTIED_SECONDS, (end - perf_counter()) / 2 / WAITS))
        measured = effects.measured(candidates, reached=[len(kept.places) for kept in reaches], patience=patience)
        if measured.failure:
            self.notes.append(f"what emptying a holder frees was not measured: {measured.failure}")
        if measured.untried:
            self.notes.append(
                f"emptying {measured.untried} of {len(candidates)} holders was not tried: it takes long here"
            )
        places = leading(candidates, reaches, measured)
        rising = [place for place in places if candidates[place].trend.kind == LINEAR]
        found = {place: assembling.holder(candidates[place], reaches[place], measured, place) for place in places}
        tell(ordered(list(found.values())))
        patience = Patience(min(TRACED_SECONDS, (end - perf_counter()) / WAITS))
        for place, stores in zip(rising, self._stores([candidates[place] for place in rising], work, patience)):
            found[place] = found[place]._replace(stores=stores)
        definitions.forget()
        return ordered(list(found.values()))

    def _raw(self, own: set[int]) -> list[Candidate]:
        """Return the containers and values whose size rose, without names yet, the steepest first."""
        found = []
        for series in self.population.changed():
            fit = growth.count_trend(series.points)
            if fit.kind != CONSTANT and id(series.obj) not in own and self._is_lasting(series.points):
                found.append(Candidate(CONTAINER, series.obj, series.points, fit))
        for slot in self.slots.grown():
            fit = growth.count_trend(slot.points)
            if fit.kind == LINEAR:
                found.append(Candidate(SLOT, slot.owner, slot.points, fit, slot.path))
        fit = growth.count_trend(self.callbacks)
        if fit.kind == LINEAR:
            found.append(Candidate(REGISTRY, None, tuple(self.callbacks), fit))
        found.sort(key=lambda item: (item.trend.kind != LINEAR, -item.trend.slope))
        return found[:NAMED]

    def _is_lasting(self, points: Sequence[tuple[float, float]]) -> bool:
        """Tell whether a container was there for half of the time since the fence: of a younger one nothing can be said yet."""
        first, last = self.population.xs[0], self.population.xs[-1]
        return points[0][0] <= (first + last) / 2

    def _unexplained(
        self, young: set[int], candidates: Sequence[Candidate], reaches: Sequence[Reach]
    ) -> list[Candidate]:
        """Return candidates for young objects that grow in number and that no growing container leads to."""
        growing = [(item, kept) for item, kept in zip(candidates, reaches) if item.trend.kind == LINEAR]
        reached = {place for item, kept in growing for place in (id(item.obj), *kept.places)}
        told = [item for item, _ in growing if item.sort in (CONTAINER, FAMILY)]
        known = {id(item.obj) for item in told}
        left: list[Any] = []
        by_type: dict[int, list[Any]] = {}
        explained: Counter[int] = Counter()
        for obj in get_objects():
            if id(obj) in reached:
                explained[id(type(obj))] += 1
            elif id(obj) in young:
                left.append(obj)
                by_type.setdefault(id(type(obj)), []).append(obj)
        numbers = self.population.numbers()
        rising = []
        for kind, members in sorted(by_type.items(), key=lambda row: -len(row[1]))[:TYPES]:
            fit = growth.count_trend(numbers.get(kind, ()))
            gained = fit.last - fit.first
            if fit.kind != LINEAR or 2 * explained[kind] > gained:
                continue  # what replaces others of its type each time is no growth of its own
            if len(members) >= CROWD * len(left) and 2 * len(members) > gained:
                rising.append(Candidate(HIDDEN, members[-1], numbers[kind], fit, link=ChainLink(type(members[-1]), "")))
        samples = [by_type[id(type(item.obj))] for item in rising]
        samples = [members[:: max(1, len(members) // SAMPLES)] + members[-1:] for members in samples]
        paths = naming.find_chains([obj for members in samples for obj in members], [self, samples, *samples])
        found: dict[str, Candidate] = {}
        for crowd, members in zip(rising, samples):
            chains_there = [paths[id(obj)] for obj in members if id(obj) in paths]
            if 2 * crowds.led_through(chains_there, told) > len(members):
                continue  # they are kept through a container that is told
            if not chains_there and crowds.are_of_threads(members):
                continue  # it is the threads that grow in number
            for item in crowds.origins(crowd, chains_there, young) if chains_there else [crowd]:
                if id(item.obj) in known:
                    continue
                if item.label.symbol not in found or (
                    crowds.is_of_nearest(item) and not crowds.is_of_nearest(found[item.label.symbol])
                ):
                    found[item.label.symbol] = item
        return crowds.outermost(list(found.values()), young)

    def _stores(
        self, candidates: Sequence[Candidate], work: Work | None, patience: Patience
    ) -> list[tuple[StoringLine, ...]]:
        """Return for each candidate the lines at which it grew while ``work`` was traced until all of them had grown."""
        if work is None or not candidates:
            return [() for _ in candidates]
        gauges = [Gauge(item) for item in candidates]
        tracer = storing.Tracer(
            [gauge.read for gauge in gauges], [item.sort in (CONTAINER, FAMILY) for item in candidates]
        )
        if storing.untraced_threads():
            self.notes.append(
                "threads that ran before the calls are not traced: a storing line may be one that waited for them"
            )
        for number in range(_traced_rounds(candidates)):
            for gauge in gauges:
                gauge.renew()
            try:
                tracer.run(work, patience)
            except Exception as error:
                self.notes.append(f"{number} calls were traced, then one failed: {type(error).__name__}")
                break
            allocated.collected()
            share = SELDOM_SHARE if number >= TRACED_ROUNDS else 1.0
            if (number and all(tracer.spots)) or patience.over(share):
                break
        if tracer.is_cut:
            self.notes.append(
                "a call takes long when it is traced, so it was traced in part: storing lines may be missing"
            )
        found = [storing.stores(spots) for spots in tracer.spots]
        unseen = [place for place in range(len(candidates)) if not found[place]]
        with suppress(Exception):
            unseen = [] if patience.over() else unseen
            counts = storing.allocations(work, [partial(kept_now, candidates[place]) for place in unseen])
            for place, spots in zip(unseen, counts):
                found[place] = storing.stores(spots, "allocated")
        return found


def _traced_rounds(candidates: Sequence[Candidate]) -> int:
    """Return how many calls may be traced until each container has grown twice."""
    slopes = [item.trend.slope for item in candidates if item.sort in (CONTAINER, FAMILY) and item.trend.slope > 0]
    return max(TRACED_ROUNDS, min(SELDOM_ROUNDS, int(2 / min(slopes, default=1.0))))


def _rank(candidate: Candidate, reach: Reach) -> tuple[bool, int, float]:
    """Order candidates: what grows before what does not, what leads to most, what gains most entries."""
    return candidate.trend.kind != LINEAR, -reach.size, -candidate.trend.slope


def outermost(
    candidates: Sequence[Candidate], reaches: Sequence[Reach], young: set[int]
) -> tuple[list[Candidate], list[Reach]]:
    """Leave out the young containers that another growing container keeps: they grow because that one does.

    What has levelled off inside an entry of a growing container is part of that entry.
    """
    kept = []
    growing = {id(item.obj) for item in candidates if item.sort in (CONTAINER, FAMILY) and item.trend.kind == LINEAR}
    on_the_way = {id(obj) for item in candidates for obj in item.chain if item.sort == CONTAINER}
    for place, item in enumerate(candidates):
        if item.sort == SLOT and id(item.leads_to()) in on_the_way:
            continue  # what it gains is in a container that is told itself
        if item.trend.kind != LINEAR and not growing.isdisjoint(map(id, item.chain[:-1])):
            continue
        inner = id(item.obj) in young and any(
            id(item.obj) in other.places and candidates[number].trend.kind == LINEAR
            for number, other in enumerate(reaches)
            if number != place and id(candidates[number].obj) not in reaches[place].places
        )
        if not inner:
            kept.append(place)
    return [candidates[place] for place in kept], [reaches[place] for place in kept]


def leading(candidates: Sequence[Candidate], reaches: Sequence[Reach], measured: EmptyingEffects) -> list[int]:
    """Return the places of those that lead: not those that only shrink with another, and one for what a fork empties."""
    threads = max(measured.at_fork, key=lambda place: reaches[place].size, default=-1)
    places = []
    for place in range(len(candidates)):
        if place in measured.at_fork and place != threads:
            continue
        if effects.holds_weakly(candidates[place]) and _is_kept_by_others(place, candidates, reaches):
            continue
        if not _follows(place, measured) and not _is_hollow(candidates[place], measured.each[place]):
            places.append(place)
    return places


def _is_kept_by_others(place: int, candidates: Sequence[Candidate], reaches: Sequence[Reach]) -> bool:
    """Tell whether another growing candidate leads to something that this one has a weak reference to."""
    keys, values = entries(candidates[place])
    targets = {id(entry()) for entry in (*keys, *values) if is_a(entry, ref)}
    others = [
        number for number in range(len(candidates)) if number != place and candidates[number].trend.kind == LINEAR
    ]
    return any(not targets.isdisjoint(reaches[number].places) for number in others)


def _is_hollow(candidate: Candidate, effect: EmptyingEffect) -> bool:
    """Tell whether a registry of the interpreter counts what has been unregistered: emptying it frees nothing."""
    counted = candidate.sort == REGISTRY and not EXACT_AT_EXIT
    return counted and effect.objects == 0 and effect.size < SLOT_SIZE * candidate.grown


def _follows(place: int, measured: EmptyingEffects) -> bool:
    """Tell whether a candidate shrinks with another one and frees little itself: it holds weakly, or copies."""
    mine = measured.each[place]
    return any(
        place in effect.falls and other not in mine.falls and 4 * max(mine.size, 0) < effect.size
        for other, effect in enumerate(measured.each)
    )


def ordered(holders: Sequence[GrowingHolder]) -> list[GrowingHolder]:
    """Return what grows, then what fills, then the largest of what is bounded, each name once; in each the largest first."""
    order = {LINEAR: 0, FILLING: 1}
    rows = sorted(holders, key=lambda item: (order.get(item.kind, 2), -_weight(item)))
    bounded: dict[str, GrowingHolder] = {}
    for item in rows:
        if item.kind == BOUNDED:
            bounded.setdefault(item.symbol, item)
    return [item for item in rows if item.kind in order] + list(bounded.values())[:MOST_BOUNDED]


def _weight(holder: GrowingHolder) -> float:
    return max(holder.retained, holder.freed.size if holder.freed else 0)


def _own_containers(discovery: Discovery) -> set[int]:
    """Return the identities of what this package itself keeps: its modules' values, and what the discovery is made of.

    The containers of the program, which the discovery holds, are not entered.
    """
    entered = {id(group.containers) for group in discovery.population.groups.values()}
    level: list[Any] = [discovery]
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] == _OWN and is_a(module, ModuleType):
            values = [value for key, value in contents(module).items() if key != "__builtins__" and is_tracked(value)]
            level += [value for value in values if not is_a(value, (ModuleType, type)) and not callable(value)]
    while level:
        fresh = {id(obj): obj for obj in level if id(obj) not in entered}
        entered.update(fresh)
        level = [child for child in get_referents(*fresh.values()) if type(child) in _PARTS]
    return entered | discovery.population.own()


_PARTS = (dict, list, set, tuple, Population, ContainerGroup, SlotHistory)
