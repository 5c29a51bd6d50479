"""Retentions: long-lived containers that keep what their last user has let go, and how sure that is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from leaklint.flow.terms import Term
from leaklint.heap.births import is_filled_at_birth
from leaklint.heap.building import Building
from leaklint.heap.certainty import Certainty
from leaklint.heap.chains import Chains
from leaklint.heap.circulation import circulating
from leaklint.heap.context_growth import ContextGrowth
from leaklint.heap.domains import Domain
from leaklint.heap.effects import Call, Effect, Effects
from leaklint.heap.grouping import lists_by_key
from leaklint.heap.heap_place import HeapPlace
from leaklint.heap.key_domain import KeyDomain
from leaklint.heap.key_guards import interned
from leaklint.heap.kinds import SELF
from leaklint.heap.left import left_to_users
from leaklint.heap.lifetime import Lifetime
from leaklint.heap.multiplicity import IMPORT, MANY, ONCE, Multiplicity
from leaklint.heap.owners import HolderOwners, tables_of_owner
from leaklint.heap.points_to import PointsTo
from leaklint.heap.publication import Publication
from leaklint.heap.raising import Raising
from leaklint.heap.rebinding import Rebinding
from leaklint.heap.receivers import Receivers
from leaklint.heap.release import Quality, Release
from leaklint.heap.removal import Removals
from leaklint.heap.retained import Retention, Store
from leaklint.heap.retained_objects import Keeping, Retained
from leaklint.heap.starts import importable
from leaklint.heap.stores import Stores
from leaklint.heap.usage import Usage

if TYPE_CHECKING:
    from leaklint.config import Settings


class Heap:
    """One program's heap: every part of the analysis, joined."""

    def __init__(self, points_to: PointsTo, settings: Settings | None = None) -> None:
        """Join the parts. ``settings`` give what a project declares about its classes."""
        self.points_to = points_to
        self.declared = settings
        self.effects = Effects(points_to)
        self.lifetime = Lifetime(points_to, self.effects)
        self.keeping = Keeping(points_to, self.effects, self.lifetime)
        self.multiplicity = Multiplicity(points_to, self.effects, self.lifetime)
        self.keeping.multiplicity = self.multiplicity
        self.lifetime.left = left_to_users(self.lifetime, self.multiplicity)
        self.keys = KeyDomain(points_to, self.effects, self.lifetime, self.multiplicity)
        self.removals = Removals(points_to, self.effects, self.lifetime, self.keeping, self.multiplicity, self.keys)
        self.usage = Usage(points_to)
        self.building = Building(points_to, self.multiplicity.is_single)
        self.receivers = Receivers(
            points_to, self.effects, self._lives_long, self._has_long, self.multiplicity.call_runs,
            Publication(self.lifetime, self.multiplicity.is_single), importable(self.lifetime).__contains__,
        )  # fmt: skip
        self.owners = HolderOwners(self)
        self.rebinding = Rebinding(self)
        self.stored = Stores(self)
        self._of_classes = self._class_containers()
        self._released: set[tuple[str, ...]] = set()  # the ways to holders whose entries go

    def _class_containers(self) -> dict[Term, HeapPlace]:
        """Containers that objects of the program's own container classes are, by class, where such an object lives long."""
        places: dict[Term, HeapPlace] = {}
        for value, location in self.lifetime.long.items():
            if value[0] == "inst" and value[1] in self.points_to.names.classes:
                for ancestor in self.points_to.classes.order(value[1]):
                    container = self.effects.container_of(("inst", ancestor))
                    if container is not None:
                        places.setdefault(container, location)
        return places

    def location(self, container: Term) -> HeapPlace | None:
        """Return where a container lives long, or in which object that users make."""
        return self.lifetime.where(container) or self._of_classes.get(container)

    def retentions(self) -> list[Retention]:
        """Return every holder that keeps something, at any level."""
        stores: dict[tuple[str, str, str], list[Effect]] = defaultdict(list)
        removals: dict[tuple[str, str, str], list[Effect]] = defaultdict(list)
        where: dict[tuple[str, str, str], HeapPlace] = {}
        kinds: dict[tuple[str, str, str], str] = {}
        for effect in (*self.effects.effects, *self.rebinding.rebinds()):
            location = self.location(effect.container)
            if location is None or effect.container[1] == "contextvar":
                continue  # what a context variable is set to takes nothing out of its default
            key = location.key
            if key not in where or location.depth < where[key].depth:
                where[key] = location
                kinds[key] = effect.container[1]
            (stores if effect.kind == "store" else removals)[key].append(effect)
        self.removals.circulating = circulating(stores, removals)
        retained = [*Chains(self).all(), *Raising(self).all(), *ContextGrowth(self).all()]
        leaking: set[tuple[str, ...]] = set()
        for key in sorted(stores, key=lambda holder: len(where[holder].path)):
            tables = tables_of_owner(where[key])
            if not tables.isdisjoint(self._released):
                continue  # its owner is an entry that goes
            retention = self._retention(where[key], kinds[key], stores[key], removals.get(key, []))
            if retention is None:
                continue
            if not tables.isdisjoint(leaking):
                reasons = (*retention.reasons, "its owner is kept by a holder that is told already")
                retention = retention._replace(level="low", reasons=reasons)
            elif retention.level != "low":
                leaking.add(where[key].path)
            retained.append(retention)
        return retained

    def _retention(
        self, location: HeapPlace, kind: str, effects: list[Effect], removals: list[Effect]
    ) -> Retention | None:
        if any(self.runs(effect, location) == MANY and not self._makes_one_of_few(effect) for effect in effects):
            self.owners.fed.add(location.path)
        if kind in {"bounded", "local", "namespace"} or self._is_model_field(location):
            return None
        if self._gives_back(location, effects):
            return None
        running = [effect for effect in effects if self._is_growth(effect, location)]
        running, removals = self.removals.coverage.without_moves(running, removals)
        stores = [store for effect in running for store in self.stored.of(effect, location)]
        takes = self.receivers.takes
        stores = [
            store for store in stores
            if not _is_by_object(store.effect, location) or takes(store.effect, store.retained.chain)
        ]  # fmt: skip
        if location.scope == "object":
            is_part = self.receivers.is_part_of
            stores = [one for one in stores if not is_part(one.retained.cls, one.effect, one.retained.chain)]
        if location.scope == "field":
            is_first = partial(is_filled_at_birth, self.effects, location)
            stores = [store for store in stores if not is_first(store.effect, store.retained.chain)]
        if not stores:
            return None
        stores.sort(key=lambda store: (store.certainty.level == 0, *self._telling(store)))
        judged = [part for group in self._apart(stores) for part in self._releases(group, removals)]
        unreleased = [(group, release) for group, release in judged if release.quality != Quality.GOOD]
        unreleased.sort(
            key=lambda part: part[1].missed is None and all(store.certainty.level == 0 for store in part[0])
        )
        if location.scope == "object":  # made by users: only a removal tells how long it lives, or a weak reference
            unreleased = [part for part in unreleased if part[1].missed is not None]
            unreleased = unreleased or list(self._left_dead(judged, removals))
        if not unreleased:
            self._released.add(location.path)
            return None
        stores, release = unreleased[0]
        if release.missed is not None:
            first = release.missed.store
            stores.sort(key=lambda store: (store.effect is not first, *self._telling(store)))
        certainty = self._certainty(location, stores, release)
        return Retention(location, kind, tuple(stores), release, certainty.word, certainty.reasons)

    def _certainty(self, location: HeapPlace, stores: list[Store], release: Release) -> Certainty:
        """Return how sure it is that the first of some stores leaks, by its removal and its holder."""
        certainty = stores[0].certainty
        if location.scope == "object":
            certainty = certainty.because(f"assumes that {_last(location.owner)} outlives its entries")
        if release.missed is not None:
            if not (release.missed.shown and certainty.level > 1):
                certainty = certainty._replace(level=1) if release.missed.meant else certainty.lowered(1)
        elif release.quality == Quality.DOUBTFUL:
            certainty = certainty.lowered(certainty.level - 1, release.doubt)
        if self.removals.endings.is_tracked(stores[0].effect, release.effect):
            certainty = certainty._replace(level=max(certainty.level, 1))
        return self.owners.judged(location, stores, certainty, release)

    def _makes_one_of_few(self, effect: Effect) -> bool:
        """Tell whether an entry is made once for each of a few keys, and is then there for good."""
        return interned(effect, self.points_to) and self.keys.of_store(effect) is Domain.FINITE

    def _telling(self, store: Store) -> tuple[int, bool, int, bool]:
        """Return how much a store tells, the most telling first."""
        return store.retained.rank, self._is_inside(store), -store.certainty.level, store.side != "key"

    def _releases(self, stores: list[Store], removals: list[Effect]) -> Iterator[tuple[list[Store], Release]]:
        """Yield the stores by the best removal of what they put in: one that never takes what a store keeps is none for it."""
        while stores:
            release = self.release(stores, removals)
            effect, coverage = release.effect if release.quality == Quality.GOOD else None, self.removals.coverage
            left = coverage.never_taken(effect, stores, release.bounded) if effect is not None else []
            others = set(map(id, left))
            if taken := [store for store in stores if id(store) not in others]:
                yield taken, release
            stores, removals = left, [removal for removal in removals if removal is not effect]

    def release(self, stores: list[Store], removals: list[Effect]) -> Release:
        """Return the best of some removals of what stores put in."""
        entries = {store.retained.cls for store in stores if store.retained.cls}
        inside = {
            inside.cls
            for store in stores
            for term in (store.effect.value, store.effect.key)
            if term is not None
            for inside in self.keeping.inside(term)
            if inside.cls
        }
        entering = {store.retained.cls for store in stores if self.enters_itself(store.effect, store.retained)}
        return self.removals.of([store.effect for store in stores], removals, entries, inside, entering)

    def enters_itself(self, effect: Effect, retained: Retained) -> bool:
        """Tell whether an object is put in by code of its own class, so that whoever makes it need not know."""
        if retained.kind not in SELF or retained.cls not in self.points_to.names.classes:
            return False
        caller = self.points_to.functions[retained.chain[-1].caller if retained.chain else effect.function]
        return bool(caller.owner) and self.points_to.classes.related(caller.owner, retained.cls)

    def _apart(self, stores: list[Store]) -> list[list[Store]]:
        """Return the stores by what they fill and by who fills it: containers under different constant keys are different."""
        slots_of, is_own = self.removals.coverage.slots_of, self.enters_itself
        keyed = (((slots_of(store.effect.container), is_own(store.effect, store.retained)), store) for store in stores)
        return list(lists_by_key(keyed).values())

    def _is_inside(self, store: Store) -> bool:
        """Tell whether what is kept was not stored itself but is in a container that was: another store tells more."""
        value = store.effect.value if store.side != "key" else None
        return value is not None and any(denoted[0] == "container" for denoted in self.points_to.evaluate(value))

    def _gives_back(self, location: HeapPlace, effects: list[Effect]) -> bool:
        """Tell whether the project declares the class of a holder bounded or weak."""
        declared = self.points_to.contracts.declared
        if not declared:
            return False
        sites = [effect.container[2] for effect in effects]
        keys = {location.owner, *(site[1] for site in sites if site[:1] == ("class",))}
        above = (ancestor for key in keys for ancestor in self.points_to.classes.order(key))
        return any(self._is_declared_bounded(ancestor.replace(":", ".")) for ancestor in above)

    def _is_declared_bounded(self, name: str) -> bool:
        contracts = self.points_to.contracts
        klass = contracts.klass(name) if contracts.is_declared(name) else None
        return klass is not None and (klass.container == "bounded" or klass.container.startswith("weak"))

    def _is_model_field(self, location: HeapPlace) -> bool:
        """A mutable default on the class of a model is copied for each object."""
        if location.scope != "class" or location.owner not in self.points_to.names.classes:
            return False
        annotated = location.name in self.points_to.classes.class_of(location.owner).annotations
        hint = repr(self.points_to.classes.class_of(location.owner).annotations.get(location.name))
        return annotated and "ClassVar" not in hint and self._is_model(location.owner)

    def _is_model(self, key: str) -> bool:
        classes, contracts = self.points_to.classes, self.points_to.contracts
        known = (contracts.klass(name) for name in classes.outside(key))
        return classes.is_by_nature(key, "model") or any(
            entry is not None and entry.fields == "copied" for entry in known
        )

    def _left_dead(
        self, judged: list[tuple[list[Store], Release]], removals: list[Effect]
    ) -> Iterator[tuple[list[Store], Release]]:
        """Yield stores of weak references, with their release, of which at most all are taken out at once.

        That they are weak means that their objects may go before the owner of the holder.
        """
        is_empty = self.rebinding.is_empty
        at_once = all(one.how == "clear" or (one.value is not None and is_empty(one.value)) for one in removals)
        for stores, release in judged if at_once else ():
            if not release.bounded and all(store.retained.kind == "weak" for store in stores):
                lines = sorted(one.event.place[0] for one in removals)
                why = (
                    f"those whose objects have gone stay until all are dropped (line {lines[0]})"
                    if lines
                    else release.why
                )
                yield stores, release._replace(quality=Quality.NONE, why=why)

    def _is_growth(self, effect: Effect, location: HeapPlace) -> bool:
        """Tell whether a store runs many times on one and the same container."""
        return self.runs(effect, location) == MANY and not self.building.fills_its_own(
            effect, location.scope == "field"
        )

    def runs(self, effect: Effect, location: HeapPlace) -> int:
        """Return how often a store runs on one and the same container of a holder."""
        runs = self.multiplicity.event_runs(effect.function, effect.event)
        resumed = self.lifetime.is_resumed(effect.function, effect.event)
        for call in _run_through(effect) if not resumed else ():
            runs = min(runs, self.multiplicity.call_runs(call))
        if runs != MANY:
            return runs
        function = self.points_to.functions[effect.function]
        if location.scope in {"field", "object"} and is_filled_at_birth(self.effects, location, effect, ()):
            return ONCE
        if location.scope == "generator" and not resumed:
            return ONCE  # what a generator makes before its loop
        if location.scope == "result" and function.key.replace(":", ".") in location.path[:1] and not function.params:
            return ONCE  # what a memoised function without parameters fills, it fills in its one call
        if _is_by_object(effect, location) and not self.receivers.may_be_long(effect):
            return IMPORT
        return MANY

    def _lives_long(self, value: Term) -> bool:
        """Tell whether an object lives long, or shares its fields with one that does."""
        long = self.lifetime.long
        return value in long or any(
            ("inst", key, ("shared",)) in long for key in self.points_to.classes.order(value[1])
        )

    def _has_long(self, key: str) -> bool:
        """Tell whether an object of a class itself lives long."""
        return key in self.lifetime.classes or ("self", key) in self.lifetime.long


def _is_by_object(effect: Effect, location: HeapPlace) -> bool:
    """Tell whether each object of a class has a container of its own where the holder is one."""
    return location.scope in {"field", "result", "descriptor"} or effect.container[2][:1] == ("class",)


def _run_through(effect: Effect) -> Iterator[Call]:
    """Yield the calls by which a store is reached: not those that only bind a variable of an enclosing function."""
    reached = effect.function
    for call in effect.chain:
        if call.callee != reached:
            return
        yield call
        reached = call.caller


def _last(key: str) -> str:
    """Return the name of a class by its key."""
    return key.rpartition(":")[2].rpartition(".")[2]
