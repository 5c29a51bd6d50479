"""Chains that are cut behind an element: the field by which it keeps the one before is set to none again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from leaklint.flow.model import Event, Function
from leaklint.flow.terms import NONE, Term
from leaklint.heap.namespaces import is_constructor

if TYPE_CHECKING:
    from leaklint.heap.retention import Heap

Field = tuple[str, str]  # a class, and the name of an attribute of its objects


class CutLinks:
    """Tells whether the elements of a chain let go of those before them."""

    def __init__(self, heap: Heap) -> None:
        """Take what is asked for everything else."""
        self.heap = heap

    def are_cut(self, function: Function, event: Event, is_old: Callable[[Term], bool]) -> bool:
        """Tell whether all the fields by which a new element keeps the old one are unset at some time.

        ``event`` assigns the new element; ``is_old`` tells whether a term is the element before.
        """
        fields = set(self._given(event.terms[-1], is_old)) | set(self._assigned(function, event, is_old))
        return bool(fields) and all(self._is_unset(field) for field in fields)

    def _given(self, value: Term, is_old: Callable[[Term], bool]) -> Iterator[Field]:
        """Yield the fields in which the constructor of a new element keeps the old one that it is given.

        One that is not written takes the fields that the class annotates, in their order.
        """
        points_to = self.heap.points_to
        for callee in points_to.in_order(value[1]) if value[0] == "call" else ():
            if callee[0] != "class" or callee[1] not in points_to.names.classes:
                continue
            init = points_to.classes.method(callee[1], "__init__")
            if init is None:
                by_place = zip(points_to.names.classes[callee[1]].annotations, value[2], strict=False)
                yield from ((callee[1], name) for name, given in (*by_place, *value[3]) if is_old(given))
                continue
            given = points_to.calling.bind(init, value, value)
            for event in points_to.functions[init].events:
                if event.kind == "setattr" and event.terms[1][:2] == ("param", init):
                    if is_old(given.get(event.terms[1][2], NONE)):
                        yield callee[1], event.name

    def _assigned(self, function: Function, event: Event, is_old: Callable[[Term], bool]) -> Iterator[Field]:
        """Yield the fields of a new element to which its function assigns the old one before it takes that one's place."""
        for other in function.events:
            keeps = other.kind == "setattr" and other.terms[0] == event.terms[-1] and is_old(other.terms[1])
            for value in self.heap.points_to.evaluate(other.terms[0]) if keeps and other.place < event.place else ():
                if value[0] in {"self", "inst"}:
                    yield value[1], other.name

    def _is_unset(self, field: Field) -> bool:
        """Tell whether something sets a field to none after its object has been made, while the program runs."""
        feasibility, attributes = self.heap.removals.feasibility, self.heap.points_to.attributes
        if field[0] not in self.heap.points_to.names.classes:
            return False
        further = (one for one in attributes.assignments(field[1]) if one[1].terms[0][::2] == ("attr", field[1]))
        for key, event in (
            *attributes.field_terms(*field),
            *further,
        ):  # of an object, or of one that such a field leads to
            function = self.heap.points_to.functions[key]
            if event.terms[1] == NONE and not (is_constructor(function.name) and event.terms[0][0] == "param"):
                if not feasibility.outlived(event, function) and not feasibility.never(event, function):
                    return True
        return False
