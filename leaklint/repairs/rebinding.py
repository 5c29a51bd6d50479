"""Attributes that are given something else later: what they kept until then is kept by them no longer."""

from __future__ import annotations

from leaklint.drafts.facts.model import Access, Value
from leaklint.drafts.program import ClassRef, Program
from leaklint.drafts.program.once import once
from leaklint.paths import is_test
from leaklint.repairs.state import MAKING

_CONTAINERS = frozenset({"dict", "list", "set", "tuple"})
_Places = list[tuple[ClassRef | None, str]]


def rebound_at(program: Program, name: str, owner: ClassRef | None) -> str:
    """Return where an attribute of objects of a class (None: of a class that is not known) is given something else.

    What makes an object gives its attributes their first values, and None or an empty container only lets go.
    """
    line = program.names.ancestors(owner) if owner is not None else ()
    for ref, place in _rebound(program).get(name, ()):
        if owner is None or ref is None or ref in line or owner in program.names.ancestors(ref):
            return place
    return ""


@once
def _rebound(program: Program) -> dict[str, _Places]:
    """The places that set attributes of objects which are made already, tests apart, with the class if it is known."""
    found: dict[str, _Places] = {}
    for module, function in program.functions():
        if function.name in MAKING or is_test(module.path):
            continue
        owner = program.holders.owner_of(function, module)
        for event in function.events:
            for target in event.target if _sets(event) else ():
                if target.path:
                    ref = owner if target.kind == "self" and len(target.path) == 1 else None
                    place = f"{module.path}:{event.span.line}"
                    found.setdefault(target.path[-1], []).append((ref, place))
    return found


def _sets(event: Access) -> bool:
    return event.op == "bind" and event.how == "=" and not all(map(_is_empty, event.value))


def _is_empty(value: Value) -> bool:
    return (value.kind, value.name) == ("const", "None") or (value.kind in _CONTAINERS and not value.parts)
