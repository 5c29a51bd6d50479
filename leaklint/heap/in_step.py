"""Two containers for the same keys, meant to be in step: an eviction that shortens only one bounds nothing in the other.

A table and a record of how its keys are used; a table and an index of its keys under something else.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from leaklint.flow.terms import Term, walk
from leaklint.heap.effects import Effect
from leaklint.heap.grouping import lists_by_key
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
        self._known_handed: dict[str, dict[tuple[str, Term], list[tuple[int, Effect]]]] = {}

    def grows(self, store: Effect) -> bool:
        """Tell whether a container gets an entry for each of the keys of a table, which evicts them without it."""
        if self.sides.key(store) not in self.sides.removed or not self._records(store):
            return False
        return bool(self.outgrown(store, self.sides.removals_for(store)))

    def outgrown(self, store: Effect, fitting: list[Effect]) -> str:
        """Return the eviction of a key that leaves the entry of a store; nothing if there is none.

        All that removes the entry removes the key from the other container as well: the two are meant to be in step. A table
        that outlives a record of the keys in use is one that is looked into first, and is given what is made then, so that
        nobody has to give it back. An index that outlives a table's entries is one by whose elements these are taken out.
        """
        records = self._records(store) if fitting else []
        if not records or any(self._is_taken_out(store, removal) for removal in fitting):
            return ""
        homes = [self.heap.functions[removal.function] for removal in fitting]
        is_made = self._is_made_if_missing(store)
        for record in records:
            removals = self.sides.removals_for(record)
            if not (is_made or self._is_index(store, removals)):
                continue
            if not all(any(True for _ in self.sides.sites.all_in(home, removals)) for home in homes):
                continue
            if why := self._evicted(record, removals):
                return f"{why}: only {homes[0].name}() removes it"
        return ""

    def _is_index(self, store: Effect, removals: list[Effect]) -> bool:
        """Tell whether entries of a table are taken out by the keys that are found where a store puts them."""
        own = self.sides.key(store)
        found = (
            value
            for one in removals
            if one.key is not None and one.key[0] == "iter"
            for value in self.heap.evaluate(one.key[1])
        )
        where = (self.removals.lifetime.where(value) for value in found if value[0] == "container")
        return _is_element(store) and any(one is not None and one.key == own for one in where)

    def _evicted(self, record: Effect, removals: list[Effect]) -> str:
        """Return in words what evicts the entry of one of two stores, and nothing else."""
        for one in removals:
            if self._drops(one) and self.removals.bounds_entry(one, record):
                return self.sides.sentence_about(one, "leaves it here")
        where = self.removals.lifetime.where(record.container)
        if record.container[1] == "bounded" and where is not None:
            return f"the bound of {where.name} takes it out there and leaves it here"
        return ""

    def _is_taken_out(self, store: Effect, removal: Effect) -> bool:
        """Tell whether a function by which a store is reached comes to a removal, or one that goes through the entries."""
        if removal.key is None or removal.how == "callback" or self.sides.sites.is_sweep(removal):
            return True
        return any(self.sides.sites.takes_out(frame.function, [removal]) for frame in self.sides.sites.frames(store))

    def _is_made_if_missing(self, store: Effect) -> bool:
        """Tell whether a store stands behind a look for its key, and puts in what its function returns."""
        if store.key is None:
            return False
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
        """Return the stores of the same keys into other containers of the same object, by the same functions."""
        start, name = self.sides.sites.frames(store)[-1].function.key, _name(store)
        if name is None or name[0] == "const":
            return []
        own, owner = self.sides.key(store), self.sides.owner(store)
        named = {pair for function in (start, store.function) for pair in self.sides.handed(function, name, 0)}
        table = self._handed_by(owner) if owner else {}
        found = dict(numbered for pair in named for numbered in table.get(pair, ()))
        return [found[number] for number in sorted(found) if self.sides.key(found[number]) != own]

    def _handed_by(self, owner: str) -> dict[tuple[str, Term], list[tuple[int, Effect]]]:
        """Return the stores into the holders of a class or module, numbered, by the functions with the terms of their names."""
        if owner not in self._known_handed:
            self._known_handed[owner] = lists_by_key(
                (pair, (number, store))
                for number, store in enumerate(self._by_owner.get(owner, ()))
                for pair in dict.fromkeys(self.sides.handed(store.function, _name(store), 0))
            )
        return self._known_handed[owner]

    @cached_property
    def _by_owner(self) -> dict[str, list[Effect]]:
        """Return the stores whose keys or elements have names, by the class or module to which their holders belong."""
        stores = (effect for effect in self.removals.effects.effects if effect.kind == "store")
        named = (store for store in stores if (_name(store) or ("const",))[0] != "const")
        return lists_by_key((self.sides.owner(store), store) for store in named)


def _is_element(store: Effect) -> bool:
    """Tell whether a store puts in nothing but a key: into a set or a list, or as the key of a constant."""
    return store.key is None or (store.value is not None and store.value[0] == "const")


def _name(effect: Effect) -> Term | None:
    """Return the key of a store, or the element where it has none."""
    return effect.key if effect.key is not None else effect.value
