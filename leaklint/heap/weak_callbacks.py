"""Weak references as calls that make them, and what their callbacks can take out: the reference, and no object itself."""

from __future__ import annotations

from functools import cached_property

from leaklint.flow.terms import Term, params_of
from leaklint.heap.arguments import argument_at
from leaklint.heap.effects import Effect, Effects
from leaklint.heap.points_to import PointsTo
from leaklint.heap.points_to_values import NOTHING, Values


def makes_reference(heap: PointsTo, call: Term) -> bool:
    """Tell whether a call makes a weak reference: to an object, to a method, or one that stands for the object."""
    return any(value[0] == "ext" and heap.contracts.returned(value[1]) == "weak" for value in heap.evaluate(call[1]))


class WeakCallbacks:
    """Judges removals that weak references call."""

    def __init__(self, effects: Effects) -> None:
        """Take what is known of calls."""
        self.heap = effects.heap
        self.effects = effects

    def take_references_alone(self, removal: Effect, store: Effect) -> bool:
        """Tell whether only a weak reference comes to a removal, when its object has gone, and a store puts in objects."""
        is_callback = removal.how == "callback" and makes_reference(self.heap, removal.event.terms[0])
        if not is_callback and removal.function not in self._watched:
            return False
        if not is_callback and self._has_its_own_key(removal, store):  # whatever lies there goes
            retained = self.heap.evaluate(store.value) if store.value is not None else NOTHING
            return not retained.isdisjoint(self._watched[removal.function])
        values = self.heap.all_of(one for one in (store.key, store.value) if one is not None)
        known = bool(values) and all(value[0] in {"self", "inst", "method", "plain"} for value in values)
        return known and any(value[0] != "plain" for value in values)

    def _has_its_own_key(self, removal: Effect, store: Effect) -> bool:
        """Tell whether a callback takes out what lies under a key that it has from the function that stores and makes it."""
        beside = store.function == self.heap.functions[removal.function].parent
        return beside and removal.key is not None and not params_of(removal.key, removal.function)

    @cached_property
    def _watched(self) -> dict[str, Values]:
        """Return the functions that are callbacks of weak references, and nothing else calls, with what these refer to."""
        found: dict[str, Values] = {}
        for external in self.effects.external:
            callback = (
                argument_at(external.call, 1, "callback")
                if self.heap.contracts.returned(external.name) == "weak"
                else None
            )
            watched = self.heap.evaluate(external.call[2][0]) if callback is not None and external.call[2] else NOTHING
            for value in self.heap.evaluate(callback) if callback is not None else ():
                if value[0] in {"func", "method"} and not self.effects.calls.get(value[-1]):
                    found[value[-1]] = found.get(value[-1], NOTHING) | watched
        return found
