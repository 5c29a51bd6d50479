"""Decorators of other packages: those that keep the function that they are put on, and what they put on it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from leaklint.flow.model import Event
from leaklint.flow.terms import Term
from leaklint.heap.external_calls import ExternalCall
from leaklint.heap.points_to_values import PART, Values

if TYPE_CHECKING:
    from leaklint.heap.points_to import PointsTo
    from leaklint.heap.retention import Heap

PARAMETER = "decorated"  # how contracts call the function that what a call returns is put on


def decorations(heap: Heap) -> Iterator[ExternalCall]:
    """Yield the decorators of inner functions as calls.

    ``@hook`` is a call with the function; of ``@listens_for(target)`` the function is an argument by keyword.
    """
    points_to = heap.points_to
    for key, function in points_to.functions.items():
        for decorator in function.decorators if function.parent else ():
            made: Term = ("func", key)
            site = (points_to.names.module_of(key).name, *decorator.place)
            called = decorator.term[0] == "call"
            callee = decorator.term[1] if called else decorator.term
            term: Term = ("call", callee, (made,), (), site)
            if called:
                term = ("call", callee, decorator.term[2], (*decorator.term[3], (PARAMETER, made)), site)
            event = Event("call", (term,), "", decorator.place, ())
            for value in points_to.evaluate(callee):
                if value[0] == "ext":
                    yield ExternalCall(function.parent, event, term, value[1])


def put_on(points_to: PointsTo, key: str, name: str) -> Values:
    """Return the attribute that a decorator of another package puts on a function, as far as contracts speak of it.

    ``@singledispatch`` gives a function the method ``register``.
    """
    for decorator in points_to.functions[key].decorators:
        term = decorator.term[1] if decorator.term[0] == "call" else decorator.term
        for value in points_to.evaluate(term):
            method = f"{value[1]}.{name}" if value[0] == "ext" else ""
            if method and points_to.contracts.callable(method) is not None:
                return frozenset([("ext", method)])
    return PART
