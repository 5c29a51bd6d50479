"""What context variables are set to, by whom, and which of them a call reads."""

from __future__ import annotations

from functools import cached_property

from leaklint.flow.model import Event, Function
from leaklint.flow.terms import Term
from leaklint.heap.grouping import lists_by_key
from leaklint.heap.points_to import PointsTo


class ContextSettings:
    """Finds the calls that set context variables, once they can be resolved."""

    def __init__(self, heap: PointsTo) -> None:
        """Take the program."""
        self.heap = heap

    def given(self, call: Term) -> list[Term]:
        """Return what the variables that a call reads are set to; nothing where it reads none."""
        read = [
            value[1]
            for value in self.heap.attributes.with_given(call[1])
            if value[0] == "cmethod" and value[1][1] == "contextvar" and value[2] == "get"
        ]
        return [
            event.terms[0][2][0]
            for variable in read
            for _, event in self.by_variable.get(variable, ())
            if event.terms[0][1][2] == "set"
        ]

    @cached_property
    def by_variable(self) -> dict[Term, list[tuple[Function, Event]]]:
        """Return the calls that set context variables, or set them back, by variable."""
        calls = (
            (function, event, event.terms[0])
            for function in self.heap.functions.values()
            for event in function.events if event.kind == "call" and event.terms[0][1][0] == "attr"
        )  # fmt: skip
        return lists_by_key(
            (value, (function, event))
            for function, event, call in calls if call[1][2] in {"set", "reset"} and len(call[2]) == 1
            for value in self.heap.evaluate(call[1][1]) if value[:2] == ("container", "contextvar")
        )  # fmt: skip
