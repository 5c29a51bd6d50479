"""Comparisons by identity with what is made anew at each access: such a comparison never finds anything."""

from __future__ import annotations

from leaklint.flow.model import Function
from leaklint.flow.terms import DISPLAYS, Term
from leaklint.heap.points_to import PointsTo


def outcome(heap: PointsTo, test: Term, function: Function) -> bool | None:
    """Return how ``x is self.method`` and the like always come out in a function; None where that is open."""
    if test[0] != "op" or test[1] not in {"is", "is not"} or len(test[2]) != 2:
        return None
    if not any(_is_made_here(heap, side, function) for side in test[2]):
        return None
    return bool(test[1] == "is not")


def _is_made_here(heap: PointsTo, term: Term, function: Function) -> bool:
    """Tell whether a term makes an object where it stands: a bound method, a lambda, a partial, a display."""
    if any(term in values for values in function.assigned.values()):
        return False  # a variable stands for it
    if term[0] in {"list", "set", "dict", "comp"} or (term[0] in DISPLAYS and term[1]):
        return True
    if term[0] == "func":
        return heap.functions[term[1]].name == "<lambda>"
    if term[0] == "call":
        made = heap.evaluate(term)
        return bool(made) and all(value[0] == "partial" for value in made)
    return term[0] == "attr" and _is_bound_anew(heap, term)


def _is_bound_anew(heap: PointsTo, term: Term) -> bool:
    """Tell whether an attribute is a method, which is bound at each access, rather than a field that holds one."""
    values = heap.evaluate(term)
    if not values or any(value[0] != "method" or heap.functions[value[2]].name != term[2] for value in values):
        return False
    owners = {value[1][1] for value in values if value[1][0] in {"self", "inst"}}
    return not any(heap.attributes.field_terms(owner, term[2]) for owner in owners if owner in heap.names.classes)
