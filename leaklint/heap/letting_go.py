"""Objects that a function makes, calls methods of and lets go: nobody has them from it when it returns."""

from __future__ import annotations

from leaklint.flow.terms import Term, children
from leaklint.heap.effects import Call
from leaklint.heap.multiplicity import MANY, Multiplicity
from leaklint.heap.points_to import PointsTo


def are_let_go(multiplicity: Multiplicity, key: str) -> bool:
    """Tell whether the program makes objects of a class, many of them, and lets some go as they are."""
    heap = multiplicity.heap
    made = multiplicity.constructions(key) if key in heap.names.classes else []
    return any(multiplicity.call_runs(one) == MANY and _is_let_go(heap, one) for one in made)


def _is_let_go(heap: PointsTo, made: Call) -> bool:
    """Tell whether the function that makes an object hands it to nobody: it only calls methods and reads attributes."""
    function = heap.functions[made.caller]
    if function.kind in {"module", "class"}:
        return False
    others = (event for event in function.events if event is not made.event)
    return not any(_hands_on(heap, made, top) for event in others for top in event.terms)


def _hands_on(heap: PointsTo, made: Call, top: Term) -> bool:
    """Tell whether a term has an object in it other than as what a method is called on, or an attribute is read of."""
    stack = [top]
    while stack:
        term = stack.pop()
        if term == made.term or _returns_it(heap, made, term):
            return True
        if term[0] != "attr" or term[1] != made.term:
            stack.extend(children(term))
    return False


def _returns_it(heap: PointsTo, made: Call, term: Term) -> bool:
    """Tell whether a term calls a method of an object that may return the object itself."""
    if term[0] != "call" or term[1][0] != "attr" or term[1][1] != made.term:
        return False
    return any(value[0] in {"self", "inst"} and value[1] == made.callee for value in heap.evaluate(term))
