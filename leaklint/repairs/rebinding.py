"""Attributes that are given something else later: what they kept until then is kept by them no longer."""

from __future__ import annotations

from leaklint.flow.terms import DISPLAYS, Term, options, root
from leaklint.repairs.program import Program, once
from leaklint.repairs.state import MAKING

_KNOWN = frozenset({"param", "name", "cell"})  # what the object of an attribute starts from


def rebound_at(program: Program, name: str, owner: str) -> str:
    """Return where an attribute of objects of a class (none: of a class that is not known) is given something else.

    What makes an object gives its attributes their first values, and None or an empty container only lets go.
    """
    for key, place in _rebound(program).get(name, ()):
        if not owner or not key or program.classes.related(key, owner):
            return place
    return ""


@once
def _rebound(program: Program) -> dict[str, list[tuple[str, str]]]:
    """The places that set attributes of objects which are made already, with the class if it is known."""
    found: dict[str, list[tuple[str, str]]] = {}
    for module in program.modules.values():
        for function in module.functions.values():
            for event in function.events if function.name not in MAKING else ():
                if event.kind == "setattr" and not all(map(_is_empty, options(event.terms[1]))):
                    if root(event.terms[0])[0] in _KNOWN:
                        place = f"{module.path}:{event.place[0]}"
                        found.setdefault(event.name, []).append((program.holders.self_of(event.terms[0]), place))
    return found


def _is_empty(term: Term) -> bool:
    return term[:2] == ("const", "None") or (term[0] in DISPLAYS and not term[1])
