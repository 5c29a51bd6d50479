"""Values that the program reads while it runs: rows of tables, lines, contents and times of files, and what is made of them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from leaklint.flow.model import Event
from leaklint.flow.terms import NONE, UNKNOWN, Term
from leaklint.heap.arguments import call_arguments
from leaklint.heap.inputs import Inputs
from leaklint.heap.key_guards import asked_before

if TYPE_CHECKING:
    from leaklint.heap.points_to import PointsTo

_CONTENT = "reads what a file is now"
_ROWS = "reads row by row"
_PARTS = frozenset({"elem", "slice", "iter", "attr", "enter", "star"})


class ReadData(Inputs):
    """Follows values back to what is read from outside of the program, of which there is something new at any time."""

    def is_read(self, term: Term) -> bool:
        """Tell whether a value is worked out from what the program reads while it runs."""
        return self._comes_in(term)

    def _is_source(self, term: Term) -> bool:
        if term[0] == "iter":
            return self._is(_rows(term[1]), _ROWS)
        return self._is(term, _CONTENT) or super()._is_source(term)

    def _is_restricted(self, event: Event, key: Term, container: Term | None = None) -> bool:
        """Tell whether guards let only some values pass: what is not as it should be is no such value."""
        return any(
            test[0] == "op" and key in test[2] and (test[1] in {"in", "=="} if holds else test[1] in {"not in", "!="})
            for test, holds in asked_before(event)
        )

    def _is(self, call: Term, nature: str) -> bool:
        """Tell whether a call reads, by contract: by the full name, or as a method whose name says enough."""
        if call[0] != "call":
            return False
        values = self.heap.evaluate(call[1])
        if any(value[0] in {"func", "method", "cmethod", "class"} for value in values):
            return False
        names = [value[1] for value in values if value[0] == "ext"]
        names = names or [call[1][2]] if call[1][0] == "attr" else names
        return any(self.heap.contracts.is_a(name, nature) for name in names)

    def _behind(self, term: Term) -> Iterator[Term]:
        kind = term[0]
        yield from super()._behind(term)
        if kind in _PARTS:
            yield from self._around(term)
        elif kind == "op" and term[1] not in {"or", "+", "%"}:
            yield from term[2] if not self._is_choice(term) else ()
        elif kind == "fresh":
            yield from self.heap.reaching(term)

    @staticmethod
    def _is_choice(term: Term) -> bool:
        """Tell whether an operation gives true or false."""
        return term[1] in {"==", "!=", "<", "<=", ">", ">=", "in", "not in", "is", "is not", "not", "and"}

    def _around(self, term: Term) -> Iterator[Term]:
        """Yield what a term is a part of; what is assigned to a field."""
        base = term[1]
        owners = self.heap.evaluate(base) if term[0] == "attr" else ()
        own = [one[1] for one in owners if one[0] in {"self", "inst"} and one[1] in self.heap.names.classes]
        for owner in own:
            yield from (event.terms[1] for _, event in self.heap.attributes.field_terms(owner, term[2]))
        if own or (term[0] == "attr" and self._is(base, _ROWS)):
            return  # the names of the columns, rather than what is in them
        if term[0] == "iter" and base[0] == "call" and self._passes_on(base):
            yield from (("iter", given) for given in base[2])
        else:
            yield base

    def _through(self, call: Term) -> Iterator[Term]:
        yield from super()._through(call)
        if self._passes_on(call):
            yield from call[2]
            yield from self._updated.get(call, ())
        if call[1][0] == "attr" and not any(value[0] in {"func", "method"} for value in self.heap.evaluate(call[1])):
            yield call[1][1]
            if self.heap.evaluate(call[1][1]) == {("plain", "str")}:  # ``"..".format(..)``, ``", ".join(..)``
                yield from call_arguments(call)

    def _passes_on(self, call: Term) -> bool:
        """Tell whether a call of what is not the program's own has as many results as there are arguments."""
        values = self.heap.evaluate(call[1])
        return any(value[0] == "ext" and self.heap.contracts.keys(value[1]) != "finite" for value in values)

    @cached_property
    def _updated(self) -> dict[Term, list[Term]]:
        """Return what digests are fed with after they are made, by the call that makes them."""
        found: dict[Term, list[Term]] = {}
        for function in self.heap.functions.values():
            for event in function.events:
                call = event.terms[0] if event.kind == "call" else NONE
                if call[0] == "call" and call[1][0] == "attr" and call[1][2] == "update" and call[1][1][0] == "call":
                    found.setdefault(call[1][1], []).extend(call[2])
        return found


def _rows(term: Term) -> Term:
    """Return the call that gives rows, be it bound by a ``with`` statement."""
    return term[1] if term[0] == "enter" else term


def is_cell(heap: PointsTo, term: Term) -> bool:
    """Tell whether a term is a part of a row that a reader gives, which is text."""
    row = term[1] if term[0] == "elem" else UNKNOWN
    call = _rows(row[1]) if row[0] == "iter" else UNKNOWN
    values = heap.evaluate(call[1]) if call[0] == "call" else frozenset()
    return bool(values) and all(one[0] == "ext" and heap.contracts.is_a(one[1], _ROWS) for one in values)
