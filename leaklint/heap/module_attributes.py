"""Attributes of modules: their names, and what a module's own ``__getattr__`` gives for those that it does not have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leaklint.heap.points_to_values import MADE, PART, Values

if TYPE_CHECKING:
    from leaklint.heap.points_to import PointsTo


def attribute_of_module(heap: PointsTo, module: str, word: str) -> Values:
    """Return what an attribute of a module may denote: by its own names, by what is assigned to it, by what it makes."""
    names = heap.names
    found = names.in_module(module, word) if module in names.modules else None
    if found is not None:
        return heap.resolved(found)
    put_there = (
        term for base, term in heap.attributes.assigned.open(word) if ("module", module) in heap.evaluate(base)
    )
    if assigned := heap.all_of(put_there):
        return assigned
    getter = names.getter(module, word)
    if getter is None:
        return heap.resolved(names.dotted(f"{module}.{word}"))
    params = heap.functions[getter].params
    asked = {params[0].name: ("const", repr(word), "str")} if params else {}
    given = heap.calling.returned(getter, asked)
    return given if given - PART - MADE else frozenset([("ext", f"{module}.{word}")])
