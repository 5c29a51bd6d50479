"""Attributes under names worked out at run time: ``getattr(thing, name)`` for names of ``dir``, ``inspect.getmembers``."""

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
    """Return what ``getattr`` may give under a name of ``dir``, or one that begins with a constant: a method, or an unknown."""
    base, name = term[2][:2]
    start = _start(name)
    if not start and not _is_of_dir(heap, name):
        return None
    found: set[Term] = set(PART)
    for value in heap.attributes.with_given(base):
        if value[0] in {"self", "inst"} and value[1] in heap.names.classes:
            words = [word for word in _words(heap, value[1]) if word.startswith(start)]
            for word in words if len(words) <= _MOST else ():
                found |= {one for one in heap.attributes.attribute(value, word, base) if one[0] == "method"}
    return frozenset(found)


def _is_of_dir(heap: PointsTo, name: Term) -> bool:
    return name[0] == "iter" and any(
        one[0] == "call" and _DIR in heap.evaluate(one[1]) for one in walk(name[1]) if one[0] == "call"
    )


def _start(name: Term) -> str:
    """Return the constant text with which a name begins: ``f"on_{event}"``, ``"on_" + event``, ``"on_%s" % event``."""
    if name[0] == "text":
        return str(name[2])
    if name[0] == "op" and name[1] in {"+", "%"} and name[2][0][0] == "const" and name[2][0][2] == "str":
        return str(name[2][0][1]).strip("'\"").partition("%")[0]
    if name[0] == "call" and name[1][0] == "attr" and name[1][2] == "format" and name[1][1][0] == "const":
        return str(name[1][1][1]).strip("'\"").partition("{")[0]
    return ""


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
