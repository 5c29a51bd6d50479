"""What a container is asked with: a weak one makes a weak reference of it, also of what was never put in."""

from __future__ import annotations

from collections.abc import Iterable

import libcst as cst

from leaklint.flow.terms import NONE
from leaklint.repairs.draft import Draft
from leaklint.repairs.referents import STIFF
from leaklint.repairs.roles import Role
from leaklint.repairs.type_tests import argument_terms

_BY_KEY = frozenset({"get", "pop", "setdefault", "__getitem__", "__delitem__"})
_BY_ELEMENT = frozenset({"discard", "remove"})
_TAKES_OUT = frozenset({"pop", "__delitem__", "discard", "remove"})
_OBJECTS = frozenset({"inst", "self", "class", "func", "method", "extinst", "module"})


def judge(draft: Draft, roles: Iterable[Role], side: str) -> None:
    """Refuse where a key or an element that is looked for is a plain value; of one that is not known that is assumed.

    Asking by ``in`` is no error, whatever for; and what is taken out has been put in.
    """
    every = tuple(roles)
    put = {(id(role.use.scope), role.key_text) for role in every if role.kind == "set-item"}
    for role in every:
        node = _looked_for(role, side)
        text = role.file.code(node) if node is not None else ""
        if node is None or (id(role.use.scope), text) in put or not role.use.sure:
            continue
        kind = _kind(draft, role, node)
        if kind == "?" and role.kind != "delete-item" and role.name not in _TAKES_OUT:
            draft.assume(f"{text}, which the container is asked with at {role.place}, takes weak references")
        elif kind not in {"", "?"}:
            draft.refuse(
                f"{text}, which the container is asked with at {role.place}, may be a {kind} and take no weak references"
            )


def _looked_for(role: Role, side: str) -> cst.BaseExpression | None:
    """Return the expression that a use looks for on a side of the container, if a weak one would make a reference of it."""
    if role.kind == "call" and role.arguments and role.name in (_BY_KEY if side == "key" else _BY_ELEMENT):
        return role.arguments[0]
    return role.key if side == "key" and role.kind in {"get-item", "delete-item"} else None


def _kind(draft: Draft, role: Role, node: cst.BaseExpression) -> str:
    """Return the plain type that an expression may be of, ``?`` where nothing tells what it is, nothing for an object."""
    program, known = draft.files.program, False
    term = role.file.denoted(node)
    for way in argument_terms(program, term):
        if way == NONE:
            return "None"
        for value in program.points_to.evaluate(way):
            if value[0] == "plain" and value[1] in STIFF:
                return str(value[1])
            known = known or value[0] in _OBJECTS
    return "" if known or program.is_self(term) else "?"
