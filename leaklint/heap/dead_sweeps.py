"""Sweeps of what has died: they take out entries that give None when called, which those that hold strongly never do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from leaklint.flow.model import Guard
from leaklint.flow.terms import Term
from leaklint.flow.truth import falsy
from leaklint.heap.effects import Effect

if TYPE_CHECKING:
    from leaklint.heap.removal import Removals
    from leaklint.heap.retained import Store

_HELD = frozenset({"param", "cell", "attr", "name"})  # what a function gives as it has it


class DeadSweeps:
    """Compares such sweeps with what stores put in."""

    def __init__(self, removals: Removals) -> None:
        """Take what is asked for everything else."""
        self.removals = removals
        self.heap = removals.heap

    def never_take(self, removal: Effect, store: Effect) -> bool:
        """Tell whether a removal is such a sweep, and all that a store puts in gives what it holds strongly."""
        values = self.heap.evaluate(store.value) if store.value is not None and self._is_sweep(removal) else ()
        return bool(values) and all(map(self._holds, values))

    def left(self, removal: Effect, stores: list[Store]) -> list[Store]:
        """Return the stores of what such a sweep leaves, also of those that put in weak references as well."""
        if not self._is_sweep(removal):
            return []
        strong = [one for one in stores if one.retained.kind != "weak" and one.effect.value is not None]
        return [one for one in strong if any(map(self._holds, self.heap.evaluate(one.effect.value or ())))]

    def _is_sweep(self, removal: Effect) -> bool:
        asked = (term for guard in self._conditions(removal) for term in falsy(guard.test, guard.holds))
        called = (term[1] for term in asked if term[0] == "call" and not term[2] and not term[3])
        return any(self._is_entry(term, removal.container) for term in called)

    @staticmethod
    def _conditions(removal: Effect) -> Iterator[Guard]:
        """Yield the tests under which an entry is taken out, or left out of a copy."""
        yield from (guard for guard in removal.event.guards if guard.kind in {"if", "past"})
        if removal.how == "filter" and removal.value is not None and removal.value[0] == "comp":
            yield from (Guard("if", test, False) for test in removal.value[4])

    def _is_entry(self, term: Term, container: Term) -> bool:
        """Tell whether a term is an entry of a container, or one of a row of its keys and values."""
        if term[0] == "elem" and term[1][0] == "iter":
            term = term[1]
        return term[0] in {"iter", "elem"} and self.removals.runs_over(term[1], container)

    def _holds(self, value: Term) -> bool:
        """Tell whether a call of a value gives what that refers to strongly, and never None."""
        key = value[1] if value[0] == "func" else None
        if value[0] == "inst" and value[1] in self.heap.names.classes:
            key = self.heap.classes.method(value[1], "__call__")
        events = self.heap.functions[key].events if key is not None else ()
        returned = [event.terms[0] for event in events if event.kind == "return"]
        return bool(returned) and all(one[0] in _HELD and ("none",) not in self.heap.evaluate(one) for one in returned)
