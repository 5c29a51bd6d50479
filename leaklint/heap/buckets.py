"""Containers in holders that others fill: buckets, rather than values that whoever puts them away has put together."""

from __future__ import annotations

from leaklint.flow.terms import Term
from leaklint.heap.effects import Effects

_FOUND_IN = frozenset({"attr", "elem", "iter"})  # terms of what an object or a container holds


def filled_for_others(effects: Effects) -> frozenset[Term]:
    """Return the containers that something is put into where they are found in an object or another container.

    A function that puts away what it returns gives it out from there as well.
    """
    stores = [one for one in effects.effects if one.kind == "store"]
    putting: dict[Term, set[str]] = {}
    for one in stores:
        for value in effects.heap.evaluate(one.value) if one.value is not None else ():
            putting.setdefault(value, set()).add(one.function)
    return frozenset(
        one.container for one in stores
        if one.base[0] in _FOUND_IN or _calls_one(effects, putting.get(one.container, set()), one.base)
    )  # fmt: skip


def _calls_one(effects: Effects, functions: set[str], term: Term) -> bool:
    """Tell whether a term calls one of some functions."""
    callees = effects.heap.evaluate(term[1]) if functions and term[0] == "call" else ()
    return any(one[0] in {"func", "method"} and one[-1] in functions for one in callees)
