"""Attributes under every name that an object has: ``getattr(thing, name)`` for names of ``dir``, ``inspect.getmembers``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from leaklint.flow.terms import Term, walk
from leaklint.heap.points_to_values import PART, Values

if TYPE_CHECKING:
    from leaklint.heap.points_to import PointsTo

_MOST = 60  # methods of a class, above which any of them is something unknown
_DIR: Term = ("ext", "builtins.dir")
_GETATTR: Term = ("ext", "builtins.getattr")


def of_any_name(heap: PointsTo, term: Term) -> Values | None:
    """Return what ``getattr`` with a name that a loop over ``dir`` gives may be: any method, or what is not known."""
    base, name = term[2][:2]
    if name[0] != "iter" or not any(
        one[0] == "call" and _DIR in heap.evaluate(one[1]) for one in walk(name[1]) if one[0] == "call"
    ):
        return None
    found: set[Term] = set(PART)
    for value in heap.evaluate(base):
        if value[0] in {"self", "inst"} and value[1] in heap.names.classes:
            words = _words(heap, value[1])
            for word in words if len(words) <= _MOST else ():
                found |= {one for one in heap.attributes.attribute(value, word, base) if one[0] == "method"}
    return frozenset(found)


def _words(heap: PointsTo, key: str) -> list[str]:
    """Return the names of the methods of a class that are no special ones."""
    every = (word for one in heap.classes.order(key) for word in heap.names.classes[one].methods)
    return sorted({word for word in every if not word.startswith("__")})


def every_member(heap: PointsTo, term: Term) -> Values | None:
    """Return what ``inspect.getmembers`` gives: pairs of a name and what goes by that name."""
    if not term[2]:
        return None
    site = term[4]
    names: Term = ("call", _DIR, (term[2][0],), (), site)
    member: Term = ("call", _GETATTR, (term[2][0], ("iter", names)), (), site)
    made: Term = ("container", "list", site)
    heap.contents.hold(made, None, ("tuple", (("text", (), ""), member), (*site, "member")))
    return frozenset([made])


def by_any_name(heap: PointsTo, terms: Iterable[Term]) -> bool:
    """Tell whether any of some terms comes from what an object has under every name: which of that it is, is not known."""
    for one in (part for term in terms for part in walk(term) if part[0] == "call"):
        for value in heap.evaluate(one[1]):
            how = heap.contracts.returned(value[1]) if value[0] == "ext" else ""
            if how == "members" or (how == "attribute" and len(one[2]) > 1 and one[2][1][0] != "const"):
                return True
    return False
