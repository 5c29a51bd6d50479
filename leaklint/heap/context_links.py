"""Objects that a context variable is set to, each of which keeps what the variable held before: a chain that only grows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from leaklint.flow.model import Function
from leaklint.flow.terms import Term, options

if TYPE_CHECKING:
    from leaklint.heap.retention import Heap


class ContextLinks:
    """Tells what is linked to the value that a context variable held before."""

    def __init__(self, heap: Heap) -> None:
        """Take what is asked for everything else."""
        self.heap = heap

    def is_linked(self, function: Function, call: Term) -> bool:
        """Tell whether a call sets a variable to an object that keeps the older value, or the token that leads to it."""
        variable = call[1][1]
        values = self._given(function, call[2][0])
        return bool(values) and all(self._links(home, value, variable, call) for home, value in values)

    def _given(self, function: Function, value: Term) -> list[tuple[Function, Term]]:
        """Return what a variable is set to, each with the function that makes it: of a parameter, what callers hand in."""
        found: list[tuple[Function, Term]] = []
        for one in options(value):
            is_own = one[0] == "param" and function.kind == "method" and one[2] == function.params[0].name
            calls = self.heap.points_to.calling.given_for(one) if one[0] == "param" and not is_own else []
            found += [(self.heap.points_to.functions[call.caller], given) for call, given in calls] or [(function, one)]
        return found

    def _links(self, home: Function, value: Term, variable: Term, call: Term) -> bool:
        if value[0] not in {"call", "param"}:
            return False  # what was there before, as a rule
        return any(
            self._is_older(one, variable, call) for one in (*self._parts_held(value), *self._assigned(home, value))
        )

    def _parts_held(self, value: Term) -> Iterator[Term]:
        """Yield what an object is made with and keeps."""
        for callee in self.heap.points_to.evaluate(value[1]) if value[0] == "call" else ():
            if callee[0] == "class" and callee[1] in self.heap.points_to.names.classes:
                yield from self.heap.keeping.given_for_good(callee[1], value)

    def _assigned(self, home: Function, value: Term) -> Iterator[Term]:
        """Yield what attributes of an object are set to: by a function, and by the methods of its class."""
        yield from _set_on(value, home)
        points_to = self.heap.points_to
        for one in points_to.evaluate(value):
            if one[0] in {"self", "inst"} and one[1] in points_to.names.classes:
                bodies = (points_to.names.classes[key].methods for key in points_to.classes.order(one[1]))
                methods = {points_to.classes.method(one[1], name) for body in bodies for name in body}
                for own in (points_to.functions[key] for key in methods if key is not None):
                    yield from _set_on(("param", own.key, own.params[0].name), own) if own.params else ()

    def _is_older(self, term: Term, variable: Term, call: Term) -> bool:
        """Tell whether a term is what the variable holds, or the token of the call that sets it, which keeps what it held."""
        if term == call:
            return True
        return any(self.heap.rebinding.is_old(one, ("read", variable), []) for one in options(term) if one[0] == "call")


def _set_on(value: Term, function: Function) -> Iterator[Term]:
    """Yield what a function sets attributes of an object to."""
    return (event.terms[1] for event in function.events if event.kind == "setattr" and event.terms[0] == value)
