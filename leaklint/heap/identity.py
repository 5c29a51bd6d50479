"""Comparisons with what is made anew and equals nothing else: such a comparison never finds anything."""

from __future__ import annotations

from leaklint.flow.model import Function
from leaklint.flow.terms import DISPLAYS, Term, options
from leaklint.heap.points_to import PointsTo

_DEPTH = 3  # how many fields, parameters and containers a value is followed through
_SOURCES = 8  # and from how many places at each step
Way = tuple[Term, ...]  # where an object is made, and the calls that hand it on
_SEQUENCES = frozenset({"list", "set", "deque", "tuple"})


def outcome(heap: PointsTo, test: Term, function: Function) -> bool | None:
    """Return how ``x is self.method``, ``x == Made()`` and the like always come out in a function; None where that is open."""
    if test[0] != "op" or len(test[2]) != 2:
        return None
    if by_identity := _identities(heap, test):
        test = by_identity
    if test[1] in {"==", "!=", "in", "not in"}:
        left, right = test[2]
        other = ("iter", right) if test[1] in {"in", "not in"} else right
        never = never_same(heap, left, other) or never_same(heap, other, left)
        return test[1] in {"!=", "not in"} if never else None
    if test[1] not in {"is", "is not"}:
        return None
    if not any(_is_anew(heap, side, function) for side in test[2]):
        return None
    return bool(test[1] == "is not")


def _identities(heap: PointsTo, test: Term) -> Term | None:
    """Return ``id(x) == id(y)`` as the test for identity that it is."""
    left, right = (identified(heap, side) for side in test[2])
    if left is None or right is None or test[1] not in {"==", "!="}:
        return None
    return ("op", "is" if test[1] == "==" else "is not", (left, right))


def identified(heap: PointsTo, term: Term) -> Term | None:
    """Return what a term gives the identity of."""
    is_call = term[0] == "call" and len(term[2]) == 1 and not term[3]
    return term[2][0] if is_call and heap.evaluate(term[1]) == {("ext", "builtins.id")} else None


def is_identity_anew(heap: PointsTo, term: Term, function: Function) -> bool:
    """Tell whether a term is the identity of what is made for it, and is no other object's that is there."""
    subject = identified(heap, term)
    return subject is not None and _is_anew(heap, subject, function)


def _is_anew(heap: PointsTo, term: Term, function: Function) -> bool:
    """Tell whether a term makes an object where it stands, or whatever calls the function hands in such a one."""
    terms = {(term, function.key)}
    for _ in range(_DEPTH + 1):
        params = {(made_term, key) for made_term, key in terms if made_term[:2] == ("param", key)}
        if not all(_is_made_here(heap, made_term, heap.functions[key]) for made_term, key in terms - params):
            return False
        handed_in = [heap.calling.given_for(made_term) for made_term, _ in params]
        if not all(handed_in):
            return False
        terms = {(made_term, call.caller) for calls in handed_in for call, made_term in calls}
        if not terms:
            return True
    return False


def never_same(heap: PointsTo, made: Term, other: Term) -> bool:
    """Tell whether what equals only itself, and is made anew, is never what another term denotes: that is made elsewhere."""
    left = _made_at(heap, made, 0)
    right = _made_at(heap, other, 0) if left else None
    return bool(left and right) and not any(_may_be_one(one, two) for one in left or () for two in right or ())


def _may_be_one(left: Way, right: Way) -> bool:
    """Tell whether two ways may be of one object: made at one place, handed on by the same calls as far as both go."""
    shorter = min(len(left), len(right))
    return left[:shorter] == right[:shorter]


def _made_at(heap: PointsTo, term: Term, depth: int) -> frozenset[Way] | None:
    """Return where what a term may denote is made, if all of it equals only itself: by calls, or as functions; else None.

    Behind each place come the calls that return what is made there.
    """
    ways: set[Way] = set()
    for option in options(term) if depth < _DEPTH else [term]:
        sources = _sources(heap, option)
        if option[0] == "call" and makes_apart(heap, option):
            ways.add((option[4],))
        elif option[0] == "call" and (returned := _returned_anew(heap, option, depth)):
            ways |= returned
        elif option[0] == "func" and option[1] in heap.functions and heap.functions[option[1]].parent:
            ways.add((option,))
        elif not sources or len(sources) > _SOURCES or depth >= _DEPTH:
            return None
        for source in sources:
            sites = _made_at(heap, source, depth + 1)
            if sites is None:
                return None
            ways |= sites
    return frozenset(ways)


def _returned_anew(heap: PointsTo, call: Term, depth: int) -> frozenset[Way]:
    """Return where a call's result is made if each call of the function makes one: a function inside of it, an object."""
    all_ways: set[Way] = set()
    for callee in heap.evaluate(call[1]) if depth < _DEPTH else ():
        function = heap.functions[callee[-1]] if callee[0] in {"func", "method"} else None
        if function is None or function.yields or function.decorators or _is_overridden(heap, callee, call):
            return frozenset()
        returned = [result for event in function.events if event.kind == "return" for result in options(event.terms[0])]
        for result in returned:
            ways = _made_in(heap, result, function.key, depth + 1)
            if not ways:
                return frozenset()
            all_ways |= {(*way, call[4]) for way in ways}
    return frozenset(all_ways)


def _is_overridden(heap: PointsTo, callee: Term, call: Term) -> bool:
    return callee[0] == "method" and bool(heap.calling.overrides(callee, call[1]))


def _made_in(heap: PointsTo, term: Term, key: str, depth: int) -> frozenset[Way]:
    if (inner := _inner_of(heap, term, key)) is not None:
        return frozenset([(inner,)])
    if term[0] != "call":
        return frozenset()
    return frozenset([(term[4],)]) if makes_apart(heap, term) else _returned_anew(heap, term, depth)


def _inner_of(heap: PointsTo, term: Term, key: str) -> Term | None:
    """Return the function that a term is if another one makes it, be it below a decorator such as ``functools.wraps``."""
    made = term[2][0] if term[0] == "call" and len(term[2]) == 1 and not term[3] else term
    function = heap.functions.get(made[1]) if made[0] == "func" else None
    if function is None or function.parent != key:
        return None
    below = any(term[0] == "call" and decorator.place == term[4][1:] for decorator in function.decorators)
    return made if made is term or (below and heap.evaluate(term) == {made}) else None


def _sources(heap: PointsTo, term: Term) -> list[Term]:
    """Return the terms that are assigned to a field, handed in for a parameter, or put into what a loop runs over."""
    if term[0] == "attr":
        owners = [
            value for value in heap.evaluate(term[1]) if value[0] in {"self", "inst"} and value[1] in heap.names.classes
        ]
        return [event.terms[1] for owner in owners for _, event in heap.attributes.field_terms(owner[1], term[2])]
    if term[0] == "param":
        return [argument for _, argument in heap.calling.given_for(term)]
    if term[0] == "iter":
        values = heap.evaluate(term[1])
        known = bool(values) and all(value[0] == "container" and value[1] in _SEQUENCES for value in values)
        parts = [part for value in values for _, part in heap.contents.parts(value)] if known else []
        return [part for part in parts if part != term]  # a copy of it holds the same
    return []


def makes_apart(heap: PointsTo, term: Term) -> bool:
    """Tell whether a call makes a new object that equals only itself: a partial, or one of a class that says nothing else."""
    classes = heap.classes
    for value in (made := heap.evaluate(term)):
        if value[0] == "partial":
            continue
        if value[0] != "inst" or not heap.is_exact(value) or value[2] != term[4] or classes.outside(value[1]):
            return False
        if classes.by_value(value[1]) or classes.method(value[1], "__new__") or classes.metaclass(value[1]):
            return False
    return bool(made)


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
