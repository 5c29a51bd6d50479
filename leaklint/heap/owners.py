"""The objects whose fields are holders: how sure it is that the one which is filled is one that lives long."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leaklint.flow.terms import Term, root
from leaklint.heap.certainty import Certainty
from leaklint.heap.domains import Domain
from leaklint.heap.heap_place import HeapPlace
from leaklint.heap.multiplicity import MANY
from leaklint.heap.namespaces import is_constructor
from leaklint.heap.occupancy import Occupancy
from leaklint.heap.release import Release
from leaklint.heap.retained import Store

if TYPE_CHECKING:
    from leaklint.heap.retention import Heap

_GLOBAL = frozenset({"module", "class", "metaclass"})
_MOST_ATTRIBUTES = 3  # that lead from a root to a holder: who may be meant by each is less and less sure


class HolderOwners:
    """Judges whose container a store fills."""

    def __init__(self, heap: Heap) -> None:
        """Take what is asked for everything else."""
        self.heap = heap
        self.occupancy = Occupancy(heap.effects, heap.multiplicity)
        self.fed: set[tuple[str, ...]] = set()  # the ways to holders which gain entries while the program runs

    def judged(self, location: HeapPlace, stores: list[Store], certainty: Certainty, release: Release) -> Certainty:
        """Return how sure a retention is, the owner of its holder included."""
        level, unlikely = certainty.level, certainty.level - 2
        if not release.aimed and release.missed is None:
            if self._is_filled_by_users(location, stores[0]):
                return certainty.lowered(0, "what an object of the program is given to know, such as its parts")
            if level and location.scope in _GLOBAL and self._is_guessed(stores[0]):
                return certainty.lowered(0, "nothing here shows an object that is passed")
        if self.is_shared_unsurely(location, stores):
            if release.missed is not None:  # as for objects that users make: a removal tells
                return certainty.lowered(1, _outlives(location))
            return certainty.lowered(unlikely, "not every object of its class lives long")
        if location.scope in {"thread", "generator"} and level == 2:
            return certainty.lowered(1)  # what ends the thread, or closes the generator, ends it
        if location.is_unsure:
            objects = f"{location.path[0]} may lead to {location.alternatives} objects"
            return certainty.lowered(unlikely, f"{objects}, and this is one of them")
        is_one = level == 2 and not self.heap.multiplicity.is_seen_often(stores[0].retained.cls)
        counted = certainty.lowered(1, "assumes that many are made") if is_one else certainty
        if location.scope != "field":
            return counted
        if doubt := self._doubt_of_field(location):
            return certainty.lowered(unlikely, doubt)
        if level > 0 and not self._is_resolved(stores[0], location.owner):
            if release.missed is not None:
                return certainty.lowered(1, _outlives(location))
            return certainty.lowered(0, f"assumes that it is {location.path[0]}'s, not another object's")
        return counted.lowered(1)  # how long its owner is held, and how many there are of it, is never seen for certain

    def _doubt_of_field(self, location: HeapPlace) -> str:
        """Return why a holder in a field may be one of many, each for a time; nothing if there is no reason to think so."""
        if (steps := sum(step != "[..]" for step in location.path[1:])) > _MOST_ATTRIBUTES:
            return f"{steps} attributes lead to it, each of which may hold another object"
        if self.occupancy.is_one_of_many(location):
            return f"each run of {location.path[0]} has one of its own"
        if name := self.occupancy.replaced(location):
            return f"'{name}' holds one object after another, each with one of its own"
        if not self.fed.isdisjoint(tables_of_owner(location)):
            return "its owner is one of many entries, each with one of its own"
        return ""

    def _is_filled_by_users(self, location: HeapPlace, store: Store) -> bool:
        """Tell whether an object that lives long is given something by callers, or under names that nobody here counts."""
        if location.scope not in {"field", "descriptor"} or store.domain in {Domain.FRESH, Domain.OBJECT}:
            return False
        if store.side == "value" and self.heap.keys.inputs.gives_key(store.effect):
            return False
        named = store.side == "value" and store.domain in {Domain.TEXT, Domain.VALUE, Domain.UNKNOWN}
        return named or store.retained.kind == "param" or (store.retained.kind == "closure" and not store.retained.cls)

    def _is_guessed(self, store: Store) -> bool:
        """Tell whether it is a parameter that is kept, of which neither a caller nor what is done to it shows an object."""
        retained = store.retained
        if retained.kind != "param" or store.domain in {Domain.FRESH, Domain.OBJECT}:
            return False
        if store.effect.key is None or store.effect.how == "read":
            return False  # a list has one more each time, and who reads does not mean to register anything
        function = self.heap.points_to.functions[retained.function]
        several = any(param.name == retained.name and param.kind == "**" for param in function.params)
        return several or self.heap.usage.of(retained.function, retained.name) not in {"object", "callable"}

    def is_shared_unsurely(self, location: HeapPlace, stores: list[Store]) -> bool:
        """A field of a long-lived object of a class that has short-lived objects, too: which one is filled is not known."""
        owner = location.owner
        if (
            location.scope != "field"
            or owner not in self.heap.points_to.names.classes
            or self.heap.multiplicity.is_single(owner)
        ):
            return False
        first = stores[0].effect
        if any(map(self._has_short, self._makers(location))) and not self._is_named(stores[0]):
            return True
        if not self._has_short(owner):
            return False
        function = self.heap.points_to.functions[first.function]
        if self._is_long(root(first.base)):
            return False
        return not any(
            value in self.heap.lifetime.long
            for call in self.heap.effects.calls.get(function.key, [])
            for value in self.heap.points_to.evaluate(next(iter(call.bound.values()), ("unknown",)))
        )

    def _makers(self, location: HeapPlace) -> list[str]:
        """Return the classes whose constructors make what leads to a holder, so that each of their objects has its own."""
        functions = self.heap.points_to.functions
        homes = [functions[function] for function, _ in location.slots[:-1]]
        return [home.owner for home in homes if home.owner and is_constructor(home.name)]

    def _has_short(self, key: str) -> bool:
        """Tell whether a class has objects that do not live long: by the program, or by users, who make those of an heir."""
        often, classes = self.heap.multiplicity, self.heap.points_to.classes
        made = often.constructions(key)
        if any(often.call_runs(call) == MANY and not self._is_long(call.event.terms[0]) for call in made):
            return True
        leaves = [one for one in classes.below(key) if one != key and classes.below(one) <= {one}]
        return any(not often.constructions(one) for one in leaves)

    def _is_named(self, store: Store) -> bool:
        """Tell whether what is filled is reached from a name of a module or class, rather than from an object at hand."""
        return root(self._receiver(store))[0] in {"name", "dotted", "call"}

    def _receiver(self, store: Store) -> Term:
        """Return the term of the object whose field a store fills, as the first of its callers that has another one says it."""
        effect = store.effect
        receiver, reached = root(effect.base), effect.function
        for call in (*effect.chain, *store.retained.chain):
            if call.callee == reached and receiver[0] == "param" and receiver[2] in call.bound:
                receiver, reached = call.bound[receiver[2]], call.caller
        return receiver if self._is_long(receiver) else root(receiver)

    def _is_resolved(self, store: Store, owner: str) -> bool:
        """Tell whether the object whose field is filled is seen to live long, or all objects of its class are."""
        made = self.heap.multiplicity.constructions(owner) if owner in self.heap.points_to.names.classes else []
        all_long = bool(made) and all(self._is_long(call.event.terms[0]) for call in made)
        if all_long or self.heap.multiplicity.is_single(owner):
            return True
        receiver = self._receiver(store)
        return root(receiver)[0] in {"name", "dotted"} or self._is_long(receiver)

    def _is_long(self, term: Term) -> bool:
        """Tell whether all that a term may denote lives long."""
        values = self.heap.points_to.evaluate(term)
        return bool(values) and all(value in self.heap.lifetime.long for value in values)


def _outlives(location: HeapPlace) -> str:
    """Return in words that the owner of a holder lives longer than its entries, which a removal shows for most of them."""
    return f"assumes that {location.owner.rpartition(':')[2]} outlives its entries"


def tables_of_owner(location: HeapPlace) -> frozenset[tuple[str, ...]]:
    """Return the ways to containers of which the object whose field a holder is, or what leads to that, is an entry."""
    path = location.path if location.scope == "field" else ()
    return frozenset(path[:at] for at in range(1, len(path)) if path[at] == "[..]" and path[at - 1] != "[..]")
