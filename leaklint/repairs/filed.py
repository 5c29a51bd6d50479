"""Tables that have an object under its own ``id()``: an entry keeps the object or goes with it, so its number is its own."""

from __future__ import annotations

from collections.abc import Iterable

import libcst as cst

from leaklint.repairs.files import ParsedFile
from leaklint.repairs.program import Program
from leaklint.repairs.references import Denoted, denoted
from leaklint.repairs.roles import Role, role_of
from leaklint.repairs.uses import Use

_STORES = frozenset({"setdefault", "__setitem__"})
_ASKS = frozenset({"get", "pop", "__getitem__", "__contains__"})


def under_own_number(program: Program, file: ParsedFile, uses: Iterable[cst.CSTNode], text: str) -> frozenset[int]:
    """Return which uses of the ``id()`` of the object ``text`` file it itself in a table, or ask that table for it.

    What is returned are the ``id()`` of the nodes. A table that has anything else under such a number does not count.
    """
    roles = {id(use): role for use in uses if (role := _role_of_table(file, use)) is not None}
    storing = {key for key, role in roles.items() if role.kind in {"set-item", "augment-item"} or role.name in _STORES}
    others = {_table(program, roles[key]) for key in storing if _stored(roles[key]) != text}
    tables = {_table(program, roles[key]) for key in storing} - others
    return frozenset(key for key, role in roles.items() if _table(program, role) in tables)


def _role_of_table(file: ParsedFile, use: cst.CSTNode) -> Role | None:
    """Return what is done with the table of which a number is the key; None where it is no key."""
    above = file.parent(use)
    while isinstance(above, (cst.Index, cst.SubscriptElement)):
        above = file.parent(above)
    if isinstance(above, cst.Subscript) and above.value is not use:
        return role_of(Use(file, above.value, file.scope(above), 0))
    call = file.parent(above) if isinstance(above, cst.Arg) else None
    if isinstance(call, cst.Call) and isinstance(call.func, cst.Attribute) and call.args[0] is above:
        if call.func.attr.value in _STORES | _ASKS:
            return role_of(Use(file, call.func.value, file.scope(call), 0))
    return None


def _stored(role: Role) -> str:
    """Return what a store puts into its table, as text."""
    value = role.value if role.kind == "set-item" else (*role.arguments, None, None)[1] if role.kind == "call" else None
    return role.file.code(value) if value is not None else ""


def _table(program: Program, role: Role) -> tuple[Denoted, ...] | str:
    """Return the holders that a table is, or its name where it is none."""
    found = tuple(denoted(program, role.file.denoted(role.use.node)))
    return found if found and None not in found else role.file.code(role.use.node)
