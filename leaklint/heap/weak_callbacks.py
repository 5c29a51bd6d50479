"""Weak references as calls that make them, and what their callbacks can take out: the reference, and no object itself."""

from __future__ import annotations

from leaklint.flow.terms import Term
from leaklint.heap.effects import Effect
from leaklint.heap.points_to import PointsTo


def makes_reference(heap: PointsTo, call: Term) -> bool:
    """Tell whether a call makes a weak reference: to an object, to a method, or one that stands for the object."""
    return any(value[0] == "ext" and heap.contracts.returned(value[1]) == "weak" for value in heap.evaluate(call[1]))


def takes_references_alone(heap: PointsTo, removal: Effect, store: Effect) -> bool:
    """Tell whether a removal is the callback of a weak reference, and a store puts in objects themselves."""
    if removal.how != "callback" or not makes_reference(heap, removal.event.terms[0]):
        return False
    values = heap.all_of(one for one in (store.key, store.value) if one is not None)
    return bool(values) and all(value[0] in {"self", "inst", "method"} for value in values)
