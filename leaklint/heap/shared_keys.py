"""Two tables of one owner under the same keys, of which one gets a new key for each entry and loses it again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from leaklint.flow.terms import Term, walk
from leaklint.heap.domains import Domain
from leaklint.heap.effects import Effect
from leaklint.heap.heap_place import HeapPlace

if TYPE_CHECKING:
    from leaklint.heap.sides import Sides

_BY_KEY = frozenset({"pop", "del"})


class SharedKeys:
    """Finds tables that are looked into by the key under which a function stores something in another one."""

    def __init__(self, sides: Sides) -> None:
        """Take what knows the removals by holder."""
        self.sides = sides
        self.heap = sides.heap
        self.lifetime = sides.removals.lifetime

    def are_new(self, store: Effect) -> bool:
        """Tell whether the keys of a store are those of another table, each of which is new, and gone when its entry goes."""
        start = self.sides.sites.frames(store)[-1].function.key
        return store.key is not None and any(
            self._comes_and_goes(beside)
            for beside in self._read_by(start, store.key, self.lifetime.where(store.container))
        )

    def _read_by(self, start: str, key: Term, own: HeapPlace | None) -> Iterator[HeapPlace]:
        """Yield the other tables of an owner that are looked into by a key, where it is stored or handed in for that."""
        for function, term in dict.fromkeys(self.sides.handed(start, key, 0)) if own is not None else ():
            terms = (top for event in self.heap.functions[function].events for top in event.terms)
            reads = (part[1] for top in terms for part in walk(top) if part[0] == "elem" and part[2] == term)
            for value in self.heap.all_of(reads):
                where = self.lifetime.where(value) if value[0] == "container" else None
                if where is not None and own is not None and where.key != own.key and where.key[:2] == own.key[:2]:
                    yield where

    def _comes_and_goes(self, table: HeapPlace) -> bool:
        """Tell whether each entry of a table has a key of its own, by which it is taken out again."""
        stores = [store for store in self.sides.stores_into(table.key) if store.how != "read"]
        keys = self.sides.removals.keys
        goes = any(
            removal.how in _BY_KEY and removal.key is not None for removal in self.sides.removed.get(table.key, ())
        )
        return goes and bool(stores) and all(keys.of_store(store) is Domain.FRESH for store in stores)
