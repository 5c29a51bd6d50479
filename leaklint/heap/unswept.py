"""A sweep that goes through one of two tables that a function fills, and leaves the other one as it is."""

from __future__ import annotations

from collections import defaultdict
from functools import cached_property
from typing import TYPE_CHECKING

from leaklint.flow.model import Event
from leaklint.flow.terms import Term, walk
from leaklint.heap.early_exits import is_opposed
from leaklint.heap.effects import Effect

if TYPE_CHECKING:
    from leaklint.heap.heap_place import HeapPlace
    from leaklint.heap.sides import Sides

Spot = tuple[Term, str, tuple[int, int, int, int]]  # container, function, and where a store stands in it


class Unswept:
    """Finds tables whose entries go only when their own key comes again, with another outcome.

    The function puts a key into one table or, on the other outcome, into a second one of the same owner. That the program
    goes through the second one to take out what is old means that keys need not come again.
    """

    def __init__(self, sides: Sides) -> None:
        """Take what knows the removals by holder."""
        self.sides = sides
        self.removals = sides.removals
        self.heap = sides.removals.heap

    def why(self, store: Effect) -> str:
        """Return the sweep that leaves the entry of a store; nothing if there is none."""
        return self._found.get((store.container, store.function, store.event.place), "")

    @cached_property
    def _found(self) -> dict[Spot, str]:
        by_key: dict[tuple[str, Term | None], dict[Spot, Effect]] = defaultdict(dict)
        for effect in self.removals.effects.effects:
            if effect.kind == "store" and effect.event.kind == "setitem" and effect.event.guards:
                spot = (effect.container, effect.function, effect.event.place)
                by_key[effect.function, _key(effect.event)].setdefault(spot, effect)
        found: dict[Spot, str] = {}
        for stores in by_key.values():
            events = {store.event.place: store.event for store in stores.values()}
            for place, event in events.items():
                opposed = {one.place for one in events.values() if is_opposed(one, event)}
                others = [one for one in stores.values() if one.event.place in opposed]
                for spot, store in stores.items() if others else ():
                    if store.event.place == place and (why := self._left(store, others)):
                        found[spot] = why
        return found

    def _left(self, store: Effect, others: list[Effect]) -> str:
        """Return the sweep of one of the ``others``, put in on the other outcome, that leaves the entry of a store."""
        where = self.removals.lifetime.where(store.container)
        if where is None or not self._goes_by_its_key(store, where):
            return ""
        for other in others:
            there = self.removals.lifetime.where(other.container)
            if there is None or there.key == where.key or there.key[:2] != where.key[:2]:
                continue
            for removal in self.sides.removed.get(there.key, ()):
                if self.sides.sites.is_sweep(removal):
                    name, line = self.heap.functions[removal.function].name, removal.event.place[0]
                    return f"{name}() goes through {there.name} alone (line {line}), and a key that never comes again stays"
        return ""

    def _goes_by_its_key(self, store: Effect, where: HeapPlace) -> bool:
        """Tell whether nothing removes an entry but the function that stores it, on another outcome, by the same key."""
        removals = self.sides.removed.get(where.key, [])
        if store.container in self._looped_over[0] or store.container[2] in self._looped_over[1]:
            return False  # who goes through the table may have each key come again
        return bool(removals) and all(
            one.function == store.function
            and one.how in {"pop", "del"}
            and _key(one.event) == _key(store.event)
            and is_opposed(one.event, store.event)
            for one in removals
        )

    @cached_property
    def _looped_over(self) -> tuple[frozenset[Term], frozenset[Term]]:
        """Return the containers that loops go through, and the sites of those of which they go through a copy or a view."""
        tests = {
            guard.test
            for function in self.heap.functions.values()
            for event in function.events
            for guard in event.guards if guard.kind in {"loop", "while"}
        }  # fmt: skip
        values = self.heap.all_of(term for test in tests for term in walk(test))
        containers = frozenset(value for value in values if value[0] == "container")
        sites = (value[2] for value in containers if isinstance(value[2], tuple) and value[2])
        return containers, frozenset(part for site in sites if site[0] in {"view", "copy"} for part in site)


def _key(event: Event) -> Term | None:
    """Return the key of an assignment, a ``del`` or a ``pop`` as its own function writes it."""
    if event.kind in {"setitem", "delitem"}:
        return event.terms[1]
    given: tuple[Term, ...] = event.terms[0][2] if event.kind == "call" else ()
    return given[0] if given else None
