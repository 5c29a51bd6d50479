"""Entries whose end takes them out of one of the holders that were filled together, and leaves them in the other one."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from leaklint.flow.model import Function
from leaklint.flow.terms import Term, root
from leaklint.heap.effects import Effect
from leaklint.heap.grouping import lists_by_key
from leaklint.heap.process_end import function_is_private

if TYPE_CHECKING:
    from leaklint.heap.sides import Sides

_BY_KEY = frozenset({"pop", "del"})


class Ended:
    """Finds methods that end an entry: the end of the holder's owner calls them for each entry, before it drops all."""

    def __init__(self, sides: Sides) -> None:
        """Take what knows the removals by holder."""
        self.sides = sides
        self.removals = sides.removals
        self.heap = sides.removals.heap

    def left_in(self, store: Effect, removals: list[Effect]) -> str:
        """Return the end of an entry that takes something of it out of another holder; ``removals`` are all from this one."""
        if not removals or not all(map(self.removals.endings.is_holders, removals)):
            return ""
        ends = {self.heap.functions[removal.function].key for removal in removals}
        for beside in self._beside(store):
            for removal in self.sides.removals_for(beside):
                function = self.heap.functions[removal.function]
                if removal.how in _BY_KEY and removal.function not in {*ends, store.function}:
                    if self._is_for_each(function, removal, store, ends):
                        return self.sides.sentence_about(removal, "leaves it here")
        return ""

    def _beside(self, store: Effect) -> Iterator[Effect]:
        """Yield the stores by the same function into other holders of the same object, under the key or a part of the entry."""
        home, owner = self.sides.key(store), self.sides.owner(store)
        for other in self._stores.get(store.function, ()):
            if other.key is not None and (other.key == store.key or root(other.key) == store.value):
                if self.sides.owner(other) == owner and self.sides.key(other) != home:
                    yield other

    @cached_property
    def _stores(self) -> dict[str, list[Effect]]:
        """Return the stores by the function in which they stand."""
        stores = (effect for effect in self.removals.effects.effects if effect.kind == "store")
        return lists_by_key((store.function, store) for store in stores)

    def _is_for_each(self, function: Function, removal: Effect, store: Effect, ends: set[str]) -> bool:
        """Tell whether users call a function for one entry, and the end of the owner calls it for each that is left."""
        taken: Term = root(removal.key) if removal.key is not None else ()
        if taken[:2] != ("param", function.key):
            return False
        calls = self.removals.effects.calls.get(function.key, ())
        others = any(call.caller not in ends for call in calls) or not function_is_private(function)
        return others and any(
            call.caller in ends
            and any(
                guard.kind == "loop" and self.removals.runs_over(guard.test, store.container)
                for guard in call.event.guards
            )
            for call in calls
        )
