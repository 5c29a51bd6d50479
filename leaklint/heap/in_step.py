"""A table and a record of how its keys are used: an eviction that shortens only the record bounds nothing in the table."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from leaklint.flow.terms import Term, walk
from leaklint.heap.effects import Effect
from leaklint.heap.removal_sites import is_after

if TYPE_CHECKING:
    from leaklint.heap.sides import Sides

_DROPPING = frozenset({"pop", "popitem", "popleft", "del"})


class InStep:
    """Finds records of the keys of a table that are evicted without the table."""

    def __init__(self, sides: Sides) -> None:
        """Take what knows the removals from other containers."""
        self.sides = sides
        self.removals = sides.removals
        self.heap = sides.removals.heap

    def outgrown(self, store: Effect, good: list[Effect]) -> str:
        """Return the eviction from a record of a table's keys that leaves the table's entry.

        The table is one that is looked into first, and is given what is made then, so that nobody has to give it back. All
        that removes from it removes from the record as well: the two are meant to be in step.
        """
        if store.key is None or not self._is_made_if_missing(store):
            return ""
        if any(self._is_taken_out(store, one) for one in good):
            return ""
        homes = [self.heap.functions[one.function] for one in good]
        for record in self._records(store):
            removals = self.sides.removals_for(record)
            if not all(any(True for _ in self.sides.sites.all_in(home, removals)) for home in homes):
                continue
            for one in removals:
                if self._drops(one) and self.removals.bounds_entry(one, record):
                    return f"{self.sides.told(one, 'leaves it here')}: only {homes[0].name}() removes it"
        return ""

    def _is_taken_out(self, store: Effect, removal: Effect) -> bool:
        """Tell whether a function by which a store is reached comes to a removal, or one that goes through the entries."""
        if removal.key is None or removal.how == "callback" or self.sides.sites.is_sweep(removal):
            return True
        return any(self.sides.sites.takes_out(frame.function, [removal]) for frame in self.sides.sites.frames(store))

    def _is_made_if_missing(self, store: Effect) -> bool:
        """Tell whether a store stands behind a look for its key, and puts in what its function returns."""
        looked = [guard for guard in store.event.guards if store.container in self.heap.looked_into(guard.test)]
        if not any(store.key in set(walk(guard.test)) for guard in looked):
            return False
        function = self.heap.functions[store.function]
        given = {store.value, ("elem", store.base, store.key)}
        return any(
            event.kind == "return" and is_after(event, store.event) and given & set(walk(event.terms[0]))
            for event in function.events
        )

    @staticmethod
    def _drops(removal: Effect) -> bool:
        """Tell whether a removal uses nothing of what it takes out."""
        event = removal.event
        return removal.how in _DROPPING and (event.kind != "call" or event.name == "dropped")

    def _records(self, store: Effect) -> list[Effect]:
        """Return the stores of a table's keys into other containers of the same object, by the same functions."""
        start = self.sides.sites.frames(store)[-1].function.key
        own, owner = self.sides.key(store), self.sides.owner(store)
        named = {pair for function in (start, store.function) for pair in self.sides.handed(function, store.key, 0)}
        beside = [one for one in self._by_owner.get(owner, ()) if self.sides.key(one) != own] if owner else []
        return [one for one in beside if not named.isdisjoint(self.sides.handed(one.function, _name(one), 0))]

    @cached_property
    def _by_owner(self) -> dict[str, list[Effect]]:
        """Return the stores whose keys or elements have names, by the class or module to which their holders belong."""
        found: dict[str, list[Effect]] = {}
        for effect in self.removals.effects.effects:
            name = _name(effect)
            if effect.kind == "store" and name is not None and name[0] != "const":
                found.setdefault(self.sides.owner(effect), []).append(effect)
        return found


def _name(effect: Effect) -> Term | None:
    """Return the key of a store, or the element where it has none."""
    return effect.key if effect.key is not None else effect.value
