"""Removal as coverage: whether something takes out what a store puts in, while it is held, and has a caller."""

from __future__ import annotations

from collections.abc import Iterable

from leaklint.flow.model import Function, target_of
from leaklint.flow.terms import NONE, Term, children, walk
from leaklint.heap.abandonment import Abandonment
from leaklint.heap.births import is_at_birth, is_only_at_birth
from leaklint.heap.bounds import Bounds, follows_always
from leaklint.heap.circulation import Place
from leaklint.heap.coverage import Coverage
from leaklint.heap.detaching import PROTOCOL, Detaching
from leaklint.heap.effects import Effect, Effects, distinct_effects
from leaklint.heap.endings import Endings
from leaklint.heap.feasibility import ANEW, Feasibility
from leaklint.heap.grouping import lists_by_key
from leaklint.heap.key_domain import KeyDomain
from leaklint.heap.lifetime import Lifetime
from leaklint.heap.list_memo import ListMemo
from leaklint.heap.multiplicity import Multiplicity
from leaklint.heap.omissions import Omissions
from leaklint.heap.optional import Optional
from leaklint.heap.paths import Paths
from leaklint.heap.points_to import PointsTo
from leaklint.heap.release import Missed, Quality, Release
from leaklint.heap.retained_objects import Keeping
from leaklint.heap.waiting import mark_of

_SELECTIVE = frozenset(
    "pop remove discard del __delitem__ slot -= difference_update rebuild filter"
    " trim intersection_update delete".split()
)
_NEXT = frozenset({"pop", "popitem", "popleft", "get", "get_nowait"})


class Removals:
    """Judges removals."""

    def __init__(
        self, heap: PointsTo, effects: Effects, lifetime: Lifetime, keeping: Keeping, multiplicity: Multiplicity,
        keys: KeyDomain,
    ) -> None:  # fmt: skip
        self.heap = heap
        self.effects = effects
        self.lifetime = lifetime
        self.keeping = keeping
        self.multiplicity = multiplicity
        self.keys = keys
        self.feasibility = Feasibility(self)
        self.coverage = Coverage(self)
        self.bounds = Bounds(self)
        self.optional = Optional(effects, self.feasibility.environment)
        self.abandonment = Abandonment(effects)
        self.endings = Endings(self)
        self.detaching = Detaching(self)
        self.paths = Paths(self)
        self.omissions = Omissions(self)
        self.entries: set[str] = set()  # the classes of what the stores that are judged keep
        self.held: set[str] = set()  # these, and the classes of what that holds
        self.circulating: frozenset[Place] = frozenset()  # removals that only move entries between holders
        self.by_function = ListMemo(_by_function)
        self._entering: set[str] = set()  # those of them whose own code puts their objects in

    def of(
        self, stores: list[Effect], removals: list[Effect], entries: set[str], inside: set[str], entering: set[str]
    ) -> Release:
        """Return the best of some removals for some stores.

        ``entries`` are the classes of what the stores keep, ``inside`` those of what that holds, ``entering`` those whose own
        code puts their objects in.
        """
        self._entering = entering
        best = Release(Quality.NONE, "nothing removes it")
        held = entries | inside
        self.entries, self.held = self._related(entries), self._related(held)
        good: list[Effect] = []
        callers = _callers(stores)
        distinct, apart = distinct_effects(stores), distinct_effects(removals)
        for removal in apart:
            possible = self._where_possible(self._judged(removal, distinct, held, callers), distinct)
            possible = self.omissions.of(possible, distinct, apart)
            here = self._where_finished(possible, distinct)
            if (here.quality, *self._nearness(here, distinct)) > (best.quality, *self._nearness(best, distinct)):
                best = here
            if here.bounded:
                return here
            if possible.quality == Quality.GOOD:
                good.append(removal)
        best = self._on_every_way(best, stores, good, apart) if good else best
        where = self.lifetime.where(stores[0].container)
        if best.quality == Quality.GOOD or best.missed is not None or where is None:
            return best
        missed = self.paths.only_inside(distinct) if not removals else None
        if missed is None and where.scope == "object":
            missed = self.paths.only_elsewhere(stores, removals)
        return best if missed is None else Release(Quality.DOUBTFUL, missed.why, best.effect, missed=missed)

    def _related(self, classes: set[str]) -> set[str]:
        """Return the classes of the program among some, with those above them and those that stand for them."""
        known = [cls for cls in classes if cls in self.heap.names.classes]
        related = {above for cls in known for above in self.heap.classes.order(cls)}
        return related | {heir for cls in known for heir in self.heap.classes.sole_heirs(cls)}

    def _nearness(self, release: Release, stores: list[Effect]) -> tuple[bool, bool, bool]:
        """Return whether a release has a removal, whether it tells what that misses, and whether it is of some stores."""
        removal = release.effect
        takes = removal is not None and any(self._takes(removal, store) for store in stores)
        return removal is not None, release.missed is not None, takes

    def _on_every_way(self, best: Release, stores: list[Effect], good: list[Effect], every: list[Effect]) -> Release:
        """Return a release, or what it misses: removals at the end of the holder itself do not count, nor some ways."""
        before = [one for one in good if not self.endings.is_holders(one)]
        if not before:
            name, line = self.heap.functions[good[0].function].name, good[0].event.place[0]
            why = f"only {name}() of the object that has it removes it (line {line})"
            return Release(Quality.DOUBTFUL, why, good[0])
        missed = self.paths.missed(stores, before, every)
        return best if missed is None else Release(Quality.DOUBTFUL, missed.why, before[0], missed=missed)

    def _where_possible(self, release: Release, stores: list[Effect]) -> Release:
        """Return a release as doubtful where the removal needs a package, or a setting, that may be missing."""
        removal = release.effect
        if removal is None or release.quality != Quality.GOOD:
            return release
        needed, functions = self.optional.needed, self.heap.functions
        name = needed(removal.event, functions[removal.function])
        if not name or all(needed(store.event, functions[store.function]) == name for store in stores):
            return release
        why = f"it is removed only where {name} holds (line {removal.event.place[0]})"
        return Release(Quality.DOUBTFUL, why, removal, doubt=f"assumes that {name} does not hold")

    def _where_finished(self, release: Release, stores: list[Effect]) -> Release:
        """Return a release as doubtful where the removal needs a loop that is not left, or the turn of a marked entry."""
        removal = release.effect
        if removal is None or release.quality != Quality.GOOD:
            return release
        mark = mark_of(self.heap, removal, self.held)
        left = self.abandonment.left_out(removal, stores, release.bounded)
        if left is not None:
            return Release(Quality.DOUBTFUL, left.why, removal, doubt=left.doubt)
        if not mark:
            return release
        why = f"what is marked by '{mark}' stays until its turn comes (line {removal.event.place[0]})"
        return Release(Quality.DOUBTFUL, why, removal, doubt="assumes that the turns of many are far away")

    def _judged(self, removal: Effect, stores: list[Effect], held: set[str], callers: set[str]) -> Release:
        place = f"line {removal.event.place[0]}"
        function = self.heap.functions[removal.function]
        if self.feasibility.keeps_all(removal.value, function):
            return Release(Quality.NONE, f"it is left out only if it is identical to {ANEW} ({place})", removal)
        if (removal.function, removal.event.place) in self.circulating:
            return Release(
                Quality.NONE, f"what is taken out goes to another holder, and from there back ({place})", removal
            )
        if self.bounds.of(removal, stores, callers):
            return Release(Quality.GOOD, f"bounded at {place}", removal, bounded=True)
        if self.feasibility.is_finalizer(removal, held) or self.feasibility.waits_for_its_end(removal, stores):
            return Release(
                Quality.NONE,
                f"only a finalizer removes it ({place}), which never runs while it is held",
                removal,
                finalizer=True,
                aimed=removal.key is not None,
            )
        if self.feasibility.process_end.has(function):
            return Release(Quality.NONE, f"it is removed only when the process ends ({place})", removal)
        if self.feasibility.is_left_to_tests(removal, stores):
            return Release(Quality.NONE, f"only what sets tests up calls {function.name}() ({place})", removal)
        if self.feasibility.letting_go.is_left_to_finalizer(removal.function, held):
            why = f"the program leaves {function.name}() to a finalizer ({place}), which never runs while it is held"
            doubt = f"assumes that users leave {function.name}() to the finalizer as well"
            return Release(Quality.DOUBTFUL, why, removal, finalizer=True, doubt=doubt)
        here = self.by_function(stores).get(removal.function, ())
        beside = bool(here)  # whoever comes to the store came here
        reason = (self.feasibility.never_here if beside else self.feasibility.never)(removal.event, function)
        if reason:
            return Release(Quality.NONE, f"{reason} ({place})", removal, aimed=removal.key is not None)
        reason, doubt = self.feasibility.doubt(removal, function, stores) if not beside else ("", "")
        if reason:
            return Release(Quality.DOUBTFUL, f"{reason} ({place})", removal, doubt=doubt)
        if not any(self._takes(removal, store) for store in stores):
            return self._never_taking(removal, stores, place)
        if self.coverage.takes_empty(removal, stores):
            return Release(Quality.NONE, f"it is removed only once nothing is in it ({place})", removal)
        if self.coverage.moves(removal, stores):
            return Release(Quality.NONE, f"it is put back where it is removed ({place})", removal)
        follows = removal.how != "clear" and any(follows_always(removal, store) for store in here)
        if follows or self._is_protocol(function, stores) or (len(here) == len(stores) and _begins_anew(removal, here)):
            return Release(Quality.GOOD, f"removed at {place}", removal)
        if self.detaching.needs_what_users_lack(removal, function, stores):
            return Release(Quality.NONE, f"nothing in the program calls {function.name}() ({place})", removal)
        return self._called(removal, function, place)

    def _takes(self, removal: Effect, store: Effect) -> bool:
        return self.coverage.covers(removal, store) and not self.coverage.wrapping.around(removal, store)

    def _never_taking(self, removal: Effect, stores: list[Effect], place: str) -> Release:
        """Return why a removal takes out nothing that stores put in: it looks for something else, or for the bare entry."""
        covered = [store for store in stores if self.coverage.covers(removal, store)]
        around = ((store, self.coverage.wrapping.around(removal, store)) for store in covered or stores)
        wrapped = next(((store, made) for store, made in around if made), None)
        why = f"what is removed at {place} is never what was stored"
        if wrapped is None:
            missed = Missed(stores[0], why, "remove what was stored", meant=True, shown=True)
            return Release(
                Quality.NONE, why, removal, aimed=True, missed=missed if self._takes_nothing(removal) else None
            )
        why = f"{why}: that is {wrapped[1]} made around it"
        missed = Missed(wrapped[0], why, "remove what was stored", meant=True, shown=not covered)
        return Release(Quality.NONE, missed.why, removal, missed=missed)

    def _takes_nothing(self, removal: Effect) -> bool:
        """Tell whether a removal by key takes out nothing at all: no store into its holder has a key of that sort."""
        stores = self.paths.sides.stores_beside(removal)
        return removal.how in {"pop", "del"} and removal.key is not None and all(
            store.key is not None and self.coverage.equality.differ(removal.key, store.key) for store in stores
        )  # fmt: skip

    def _is_protocol(self, function: Function, stores: list[Effect]) -> bool:
        """Tell whether a removal runs whenever an object is used, whose other methods store."""
        storing = self.by_function(stores) if function.name in PROTOCOL and function.owner else ()
        return any(self.heap.functions[one].owner == function.owner for one in storing)

    def bounds_entry(self, removal: Effect, store: Effect) -> bool:
        """Tell whether a removal bounds the number of entries that one store puts in."""
        return self.bounds.of(removal, [store], _callers([store]))

    def runs_over(self, term: Term, container: Term) -> bool:
        """Tell whether a loop runs over a container or a copy of it."""
        for one in walk(term):
            for value in (*self.heap.evaluate(one), *self.effects.containers(one)):
                if value == container or (
                    value[0] == "container" and isinstance(value[2], tuple) and self._is_view(value, container)
                ):
                    return True
        return False

    def _is_view(self, value: Term, container: Term) -> bool:
        site = value[2]
        if site and site[0] in {"view", "copy"}:
            return container[2] in site
        return self.heap.contents.shared(value, container)

    def _called(self, removal: Effect, function: Function, place: str) -> Release:
        if removal.how == "callback":
            return Release(Quality.GOOD, f"removed at {place}", removal)
        beside = self.detaching.is_beside_their_life(removal, function, self._entering)
        next_one = removal.key is None and removal.how in _NEXT and self._hands_out(removal, function)
        if beside and not next_one and not self._consumes(removal, function):
            where = " on it" if self.reachable(function) else ""
            return Release(Quality.NONE, f"nothing in the program calls {function.name}(){where} ({place})", removal)
        selective = removal.how in _SELECTIVE and (
            removal.key is not None or removal.how in {"rebuild", "filter", "trim"}
        )
        if function.name in {"__exit__", "__aexit__"} and removal.how in {"pop", "popitem", "popleft"}:
            return Release(Quality.GOOD, f"removed at {place}", removal)
        if removal.how == "clear" and (self._closes(function) or self._consumes(removal, function)):
            return Release(Quality.GOOD, f"removed at {place}", removal)
        if removal.how in _NEXT and (removal.how != "pop" or removal.key is None):
            selective = self._hands_out(removal, function) or self._consumes(removal, function)
        if self.has_life(function, set()):
            return Release(Quality.GOOD, f"removed at {place}", removal)
        if selective:
            if self._is_internal(function) and not self.reachable(function):
                return Release(Quality.NONE, f"nothing calls the removal ({place})", removal)
            return Release(Quality.GOOD, f"removed at {place}", removal)
        if self._hands_out(removal, function):
            return Release(Quality.GOOD, f"removed at {place}", removal)
        callers = "only constructors and module bodies call"
        callers = callers if is_only_at_birth(self.effects, function.key) else "nothing in the program calls"
        why = f"all of it is cleared only by {function.name}(), which {callers} ({place})"
        return Release(Quality.NONE, why, removal)

    def reachable(self, function: Function) -> bool:
        """Tell whether something calls a function, or may do so: a caller, the function around it, who is handed it."""
        called = bool(self.effects.calls.get(function.key)) or bool(function.parent)
        return called or function.key in self.multiplicity.escaping

    def has_life(self, function: Function, seen: set[str]) -> bool:
        """Tell whether something in the program calls a clearing function in the course of its work."""
        others = function.key in self.multiplicity.escaping or self.feasibility.is_hook(function)
        if others and not self.feasibility.process_end.has(function):
            return True
        for call in self.effects.calls.get(function.key, ()):
            caller = self.heap.functions[call.caller]
            if caller.key in seen or caller.key == function.key:
                continue
            seen.add(caller.key)
            if caller.kind == "module":
                continue
            if any(self.feasibility.is_false(guard, caller) or guard.kind == "except" for guard in call.event.guards):
                continue
            if self.feasibility.process_end.has(caller) or caller.name == "__del__" or is_at_birth(self.effects, call):
                continue
            ends = caller.name in {"__exit__", "__aexit__", "close"}
            if ends or len(caller.events) > 2 or self.has_life(caller, seen):
                return True
        return False

    def _closes(self, function: Function) -> bool:
        """Tell whether a function is a method of the objects themselves, which their users call when they are done."""
        return function.kind == "method" and not function.name.startswith("_") and function.owner in self.held

    def _is_internal(self, function: Function) -> bool:
        """Tell whether users do not call a function by itself: a special method, or one with a leading underscore."""
        return function.name.startswith("_") and function.name not in {"__exit__", "__aexit__", "__call__", "__del__"}

    @staticmethod
    def _consumes(removal: Effect, function: Function) -> bool:
        """Tell whether a function works with what it takes out: it is there to be called by whoever has work done."""
        event = removal.event
        taken = event.terms[0] if event.kind == "call" else ("iter", target_of(event))
        return any(
            taken in list(walk(term))
            for one in function.events
            if one is not event and one.kind == "call"
            for term in one.terms
        )

    def _hands_out(self, removal: Effect, function: Function) -> bool:
        """Tell whether a function that empties a container gives its contents to whoever calls it."""
        for event in function.events:
            if event.kind in {"return", "yield"} and event.terms[0] != NONE:
                for term in walk(event.terms[0]):
                    anew = removal.event.kind in {"setname", "setattr"} and term[0] in {"name", "attr"}
                    if (anew or term[0] in {"call", "elem", "iter", "slice", "fresh", "comp"}) and self._derives(
                        term, removal
                    ):
                        return True
        return False

    def _derives(self, term: Term, removal: Effect) -> bool:
        for part in (term, *children(term)):
            values = self.heap.evaluate(part)
            if removal.container in set(self.effects.containers(part)) or any(
                v[0] == "container" and self._is_view(v, removal.container) for v in values
            ):
                return True
        return removal.event.kind == "call" and any(one == removal.event.terms[0] for one in walk(term))


def _callers(stores: list[Effect]) -> set[str]:
    """Return the functions from which stores are reached through calls."""
    return {call.caller for store in stores for call in store.chain}


def _by_function(stores: list[Effect]) -> dict[str, list[Effect]]:
    """Return stores by the function that makes them."""
    return lists_by_key((store.function, store) for store in stores)


def _begins_anew(removal: Effect, stores: Iterable[Effect]) -> bool:
    """Tell whether the function that stores clears the holder first in each run, so that the entries of one run are there."""
    guards = removal.event.guards
    return removal.how == "clear" and all(
        removal.event.place < store.event.place
        and store.event.guards[: len(guards)] == guards
        and not any(guard.kind == "while" for guard in store.event.guards[len(guards) :])
        for store in stores
    )
