"""Containers in holders that others fill: buckets, rather than values that whoever puts them away has put together."""

from __future__ import annotations

from leaklint.flow.terms import Term
from leaklint.heap.effects import Effects
from leaklint.heap.grouping import sets_by_key

_FOUND_IN = frozenset({"attr", "elem", "iter"})  # terms of what an object or a container holds


def filled_for_others(effects: Effects) -> frozenset[Term]:
    """Return the containers that something is put into where they are found in an object or another container.

    A function that puts away what it returns gives it out from there as well.
    """
    stores = [effect for effect in effects.effects if effect.kind == "store"]
    putting = sets_by_key(
        (value, store.function)
        for store in stores if store.value is not None
        for value in effects.heap.evaluate(store.value)
    )  # fmt: skip
    return frozenset(
        store.container for store in stores
        if store.base[0] in _FOUND_IN or _calls_one(effects, putting.get(store.container, set()), store.base)
    )  # fmt: skip


def _calls_one(effects: Effects, functions: set[str], term: Term) -> bool:
    """Tell whether a term calls one of some functions."""
    callees = effects.heap.evaluate(term[1]) if functions and term[0] == "call" else ()
    return any(one[0] in {"func", "method"} and one[-1] in functions for one in callees)
