"""Entries that are only marked when their owner is done, and stay in a queue until their turn comes."""

from __future__ import annotations

from leaklint.flow.model import Function, Guard
from leaklint.flow.terms import Term, walk
from leaklint.flow.truth import falsy, truthy
from leaklint.heap.effects import Effect
from leaklint.heap.namespaces import is_constructor
from leaklint.heap.points_to import PointsTo

_ORDER = frozenset({"<", "<=", ">", ">="})
_FROM_FRONT = frozenset({"pop", "popleft"})


def mark_of(heap: PointsTo, removal: Effect, held: set[str]) -> str:
    """Return the attribute by which entries are marked, that a removal takes out when their turn comes; else nothing.

    The removal compares the first entry with something, such as the time; what it has taken it passes over if it is marked.
    ``held`` are the classes of the entries.
    """
    if removal.how not in _FROM_FRONT or not any(_waits(heap, guard, removal) for guard in removal.event.guards):
        return ""
    function = heap.functions[removal.function]
    asked = dict.fromkeys(name for guard in _guards(function) for name in _asked(guard, removal.event.terms[0]))
    return next((name for name in asked if _is_set_later(heap, name, held)), "")


def _waits(heap: PointsTo, guard: Guard, removal: Effect) -> bool:
    """Tell whether a guard compares the first entry: ``queue[0].when <= now``."""
    for term in walk(guard.test) if guard.kind in {"if", "while", "past"} else ():
        if term[0] == "op" and term[1] in _ORDER:
            for one in walk(term):
                if one[0] == "elem" and one[2][:2] == ("const", "0") and removal.container in heap.evaluate(one[1]):
                    return True
    return False


def _guards(function: Function) -> list[Guard]:
    return [guard for event in function.events for guard in event.guards if guard.kind in {"if", "past"}]


def _asked(guard: Guard, taken: Term) -> list[str]:
    """Return the attributes of what was taken out, or of a part of it, that a guard asks for their truth."""
    terms = (*truthy(guard.test, guard.holds), *falsy(guard.test, guard.holds))
    return [term[2] for term in terms if term[0] == "attr" and taken in walk(term[1])]


def _is_set_later(heap: PointsTo, name: str, held: set[str]) -> bool:
    """Tell whether something other than their constructor sets an attribute of such objects to a constant."""
    for function, event in heap.attributes.assignments(name):
        if is_constructor(heap.functions[function].name) or event.terms[1][0] != "const":
            continue
        base = event.terms[0]
        given = [one for _, one in heap.calling.given_for(base)] if base[0] == "param" else []
        if any(value[0] in {"self", "inst"} and value[1] in held for value in heap.all_of((base, *given))):
            return True
    return False
