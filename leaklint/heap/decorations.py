"""What decorators keep of the function that they are put on, and what they hand it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from leaklint.flow.model import Event, Function
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


def is_called_with_class(heap: PointsTo, function: Function) -> bool:
    """Tell whether a decorator of the program is a descriptor whose ``__get__`` calls the function with the class."""
    for decorator in function.decorators:
        for value in heap.evaluate(decorator.term):
            get = heap.classes.method(value[1], "__get__") if value[0] == "class" else None
            params = heap.functions[get].params if get is not None else ()
            if get is None or len(params) < 3:
                continue
            owner: Term = ("param", get, params[2].name)
            calls = [event.terms[0] for event in heap.functions[get].events if event.kind == "call"]
            if any(call[2][:1] == (owner,) for call in calls):
                return True
    return False
