"""Objects that a program tells apart by their identity: compares, asks for their number, uses as keys or elements of sets."""

from __future__ import annotations

from collections.abc import Iterator

from leaklint.flow.terms import DISPLAYS, NONE, Term
from leaklint.repairs.holders import last_word
from leaklint.repairs.program import Program, once

_COMPARISONS = frozenset({"is", "is not", "==", "!="})
_MEMBERSHIPS = frozenset({"in", "not in"})
_BY_KEY = frozenset("add discard remove index count get pop setdefault __getitem__ __setitem__ __contains__".split())


def told_apart(program: Program, key: str) -> str:
    """Return where the program tells an object of a class, or of one related to it, from another; nothing where it does not.

    That matters for classes without equality of their own: of two objects that are made alike neither passes for the other.
    """
    related = program.classes.related
    return next((place for other, place in _compared(program).items() if related(key, other)), "")


@once
def _compared(program: Program) -> dict[str, str]:
    """Return the first place for each class of which an object is told from another."""
    found: dict[str, str] = {}
    for module in program.modules:
        for place, term in program.terms(module).at.items():
            for part in _parts(term):
                for value in program.points_to.evaluate(part):
                    if value[0] in {"self", "inst"} and value[1] in program.names.classes:
                        found.setdefault(value[1], f"{program.names.modules[module].path}:{place[0]}")
    return found


def _parts(term: Term) -> Iterator[Term]:
    """Yield the parts of an expression that it compares with others by identity, where their classes define no equality."""
    if term[0] == "op" and term[1] in _COMPARISONS and NONE not in term[2]:
        yield from term[2]
    elif term[0] == "op" and term[1] in _MEMBERSHIPS:
        yield term[2][0]
        yield from term[2][1][1] if term[2][1][0] in DISPLAYS else ()
    elif term[0] == "elem":
        yield term[2]
    elif term[0] in {"set", "dict"}:
        yield from term[1] if term[0] == "set" else term[1][::2]
    elif term[0] == "comp" and term[1] in {"set", "dict"}:
        yield term[2][0]
    elif term[0] == "call" and term[2]:
        if last_word(term[1]) in {"set", "frozenset"}:
            yield ("iter", term[2][0])
        elif last_word(term[1]) == "id" or (term[1][0] == "attr" and term[1][2] in _BY_KEY):
            yield term[2][0]
