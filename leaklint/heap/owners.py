"""The objects whose fields are holders: how sure it is that the one which is filled is one that lives long."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leaklint.flow.terms import Term, root
from leaklint.heap.effects import Effect
from leaklint.heap.lifetime import HeapPlace
from leaklint.heap.multiplicity import MANY
from leaklint.heap.retained import Store

if TYPE_CHECKING:
    from leaklint.heap.retention import Heap

_MOST_ATTRIBUTES = 3  # that lead from a root to a holder: who may be meant by each is less and less sure


class HolderOwners:
    """Judges whose container a store fills."""

    def __init__(self, heap: Heap) -> None:
        """Take what is asked for everything else."""
        self.heap = heap
        self.fed: set[tuple[str, ...]] = set()  # the ways to holders which gain entries while the program runs

    def level(self, location: HeapPlace, stores: list[Store], level: int) -> tuple[int, str]:
        """Return how sure a retention is (2 sure, to 0 and below), the owner of its holder included, and what is in doubt."""
        if self.is_shared_unsurely(location, stores):
            return level - 2, "not every object of its class lives long"
        if location.scope in {"thread", "generator"} and level == 2:
            return 1, ""  # what ends the thread, or closes the generator, ends it
        if location.is_unsure:
            objects = f"{location.path[0]} may lead to {location.alternatives} objects"
            return level - 2, f"{objects}, and this is one of them"
        if location.scope != "field":
            return level, ""
        if (steps := sum(step != "[..]" for step in location.path[1:])) > _MOST_ATTRIBUTES:
            return level - 2, f"{steps} attributes lead to it, each of which may hold another object"
        if not self.fed.isdisjoint(tables_of_owner(location)):
            return level - 2, "its owner is one of many entries, each with one of its own"
        if level == 2 and not self._is_resolved(stores[0].effect, location.owner):
            return 1, f"assumes that it is {location.path[0]}'s, not another object's"
        if level == 2 and not self.heap.multiplicity.is_seen_often(stores[0].kept.cls):
            return 1, "assumes that many are made"
        return level, ""

    def is_shared_unsurely(self, location: HeapPlace, stores: list[Store]) -> bool:
        """A field of a long-lived object of a class that has short-lived objects, too: which one is filled is not known."""
        owner = location.owner
        if (
            location.scope != "field"
            or owner not in self.heap.points_to.names.classes
            or self.heap.multiplicity.is_single(owner)
        ):
            return False
        made = self.heap.multiplicity.constructions(owner)
        short = any(
            self.heap.multiplicity.call_runs(call) == MANY and not self._is_long(call.event.terms[0]) for call in made
        )
        if not short:
            return False
        first = stores[0].effect
        function = self.heap.points_to.functions[first.function]
        if self._is_long(root(first.base)):
            return False
        return not any(
            value in self.heap.lifetime.long
            for call in self.heap.effects.calls.get(function.key, [])
            for value in self.heap.points_to.evaluate(next(iter(call.bound.values()), ("unknown",)))
        )

    def _is_resolved(self, effect: Effect, owner: str) -> bool:
        """Tell whether the object whose field is filled is seen to live long, or all objects of its class are."""
        made = self.heap.multiplicity.constructions(owner) if owner in self.heap.points_to.names.classes else []
        all_long = bool(made) and all(self._is_long(call.event.terms[0]) for call in made)
        return all_long or self._is_long(root(effect.base)) or self.heap.multiplicity.is_single(owner)

    def _is_long(self, term: Term) -> bool:
        """Tell whether all that a term may denote lives long."""
        values = self.heap.points_to.evaluate(term)
        return bool(values) and all(value in self.heap.lifetime.long for value in values)


def tables_of_owner(location: HeapPlace) -> frozenset[tuple[str, ...]]:
    """Return the ways to containers of which the object whose field a holder is, or what leads to that, is an entry."""
    path = location.path if location.scope == "field" else ()
    return frozenset(path[:at] for at in range(1, len(path)) if path[at] == "[..]" and path[at - 1] != "[..]")
