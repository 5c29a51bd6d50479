"""Classes that nobody but their own module makes objects of: by a private name that is not handed on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leaklint.flow.terms import Term, children, walk

if TYPE_CHECKING:
    from leaklint.heap.points_to import PointsTo

_TESTS = frozenset({"isinstance", "issubclass"})


def is_private(heap: PointsTo, key: str) -> bool:
    """Tell whether a class and its heirs have private names, which their module only calls and tests against."""
    return all(_stays_at_home(heap, one) for one in heap.classes.below(key))


def _stays_at_home(heap: PointsTo, key: str) -> bool:
    home, _, name = key.partition(":")
    if not name.startswith("_") or name.startswith("__") or "." in name or "@" in name:
        return False
    if f"{home}.{name}" in heap.names.imported:
        return False
    modules = heap.names.modules
    own: Term = ("name", home, name)
    values = (term for bound in modules[home].names.values() for term, _, _ in bound)
    events = (event for function in modules[home].functions.values() for event in function.events)
    used = (term for event in events for term in (event.terms[1:] if event.kind == "setname" else event.terms))
    return not any(_hands_on(term, own) for terms in (values, used) for term in terms)


def _hands_on(term: Term, own: Term) -> bool:
    """Tell whether a class is part of a term other than as what is called, or what something is tested against."""
    if term == own:
        return True
    for part in walk(term):
        if part[0] == "call":
            tests = part[1][0] == "name" and part[1][2] in _TESTS
            if own in children(part)[1:] and not tests:
                return True
        elif part[0] not in {"attr", "op"} and own in children(part):
            return True
    return False
