"""What a finalizer keeps for the time after its object, and whether that object is put into it: then the time never comes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from leaklint.contracts.containers import ADDERS
from leaklint.flow.model import Event, Function
from leaklint.flow.terms import DISPLAYS, Term, options
from leaklint.heap.arguments import call_arguments

if TYPE_CHECKING:
    from leaklint.heap.retention import Heap

_PARTS = frozenset({"attr", "elem", "iter"})


class LeadingBack:
    """Tells whether what is kept leads back to an object that is put into it."""

    def __init__(self, heap: Heap) -> None:
        """Take what is asked for everything else."""
        self.heap = heap

    def leads_back(self, home: Function, subject: Term, retained: set[Term]) -> bool:
        """Tell whether a function, or a method of the same object, puts an object into something that is kept, or below it."""
        retained = {one for term in retained for one in options(term)} | retained
        retained |= {
            event.terms[1] if ("attr", event.terms[0], event.name) in retained else ("attr", event.terms[0], event.name)
            for event in home.events
            if event.kind == "setattr"
            and (event.terms[1] in retained or ("attr", event.terms[0], event.name) in retained)
        }
        return any(
            self._is_reached(base, inside) and self._keeps(value, this)
            for function, this, inside in self._views(home, subject, retained)
            for event in function.events
            for base, value in (*_attribute_set(event), *self._puts(event))
        )

    def _views(self, home: Function, subject: Term, retained: set[Term]) -> Iterator[tuple[Function, Term, set[Term]]]:
        """Yield the function that makes a finalizer, and the other methods of its object, with how each calls all that."""
        yield home, subject, retained
        points_to = self.heap.points_to
        if home.kind != "method" or not home.params or subject != ("param", home.key, home.params[0].name):
            return
        for key in points_to.names.classes[home.owner].methods.values():
            other = points_to.functions[key]
            if other is not home and other.kind == "method" and other.params:
                this: Term = ("param", key, other.params[0].name)
                bound = {home.params[0].name: this}
                yield (
                    other,
                    this,
                    {points_to.calling.substituted(one, home.key, bound) for one in retained if one[0] == "attr"},
                )

    def _puts(self, event: Event) -> Iterator[tuple[Term, Term]]:
        """Yield what an event puts something into, and what: by itself, or by the function that it calls."""
        yield from _put_by(event)
        if event.kind != "call":
            return
        points_to = self.heap.points_to
        call = event.terms[0]
        for callee in points_to.evaluate(call[1]):
            if callee[0] in {"func", "method"}:
                receiver = points_to.calling.receiver_term(call, callee) if callee[0] == "method" else None
                bound = points_to.calling.bind(callee[-1], call, receiver)
                for inner in points_to.functions[callee[-1]].events:
                    for pair in _put_by(inner):
                        base, value = (points_to.calling.substituted(one, callee[-1], bound) for one in pair)
                        yield base, value

    @staticmethod
    def _is_reached(base: Term, retained: set[Term]) -> bool:
        """Tell whether a term is one of some, or an attribute or an element of one."""
        while base not in retained and not retained.intersection(options(base)):
            if base[0] == "call" and base[1][0] == "attr":
                base = base[1]  # ``kept.setdefault(key, [])``
            if base[0] not in _PARTS:
                return False
            base = base[1]
        return True

    def _keeps(self, value: Term, subject: Term) -> bool:
        """Tell whether a value keeps an object: it is that, a method of it, a function that refers to it, or has it inside."""
        points_to, stack = self.heap.points_to, [value]
        while stack:
            term = stack.pop()
            if term == subject:
                return True
            if term[0] == "func" and subject in self.heap.keeping.captures(term[1]):
                return True
            values = points_to.evaluate(term)
            if term[0] == "attr" and any(one[0] == "method" for one in values):
                stack.append(term[1])
            elif term[0] in DISPLAYS or term[0] == "union":
                stack.extend(term[1])
            elif term[0] == "call" and any(one[0] == "partial" for one in values):
                stack.extend(list(call_arguments(term)))
            elif term[0] == "call":
                for one in values:
                    if one[0] == "inst" and one[1] in points_to.names.classes:
                        stack.extend(self.heap.keeping.given_for_good(one[1], term))
        return False


def _attribute_set(event: Event) -> Iterator[tuple[Term, Term]]:
    """Yield the attribute that an event sets, and to what: an object may be made with what is to call it."""
    if event.kind == "setattr":
        yield ("attr", event.terms[0], event.name), event.terms[1]


def _put_by(event: Event) -> Iterator[tuple[Term, Term]]:
    """Yield what an event itself puts something into, and what."""
    if event.kind in {"setattr", "setitem", "extend"}:
        yield event.terms[0], event.terms[-1]
    elif event.kind == "call" and event.terms[0][1][0] == "attr" and event.terms[0][1][2] in ADDERS:
        call = event.terms[0]
        yield from ((call[1][1], one) for one in call_arguments(call))
