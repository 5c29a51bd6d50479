"""Whether objects are got out of the container again, or missed there: then it may be the one that keeps them, on purpose."""

from __future__ import annotations

from collections.abc import Iterable

import libcst as cst

from leaklint.repairs.roles import Role
from leaklint.repairs.scopes import walk

_BY_KEY = frozenset({"get", "setdefault", "pop", "__getitem__"})
_ALL = frozenset({"values", "items", "popitem", "copy"})
_OF_SET = frozenset({"pop", "copy", "union", "intersection", "difference"})
_ASKS = frozenset({"len", "bool", "id"})
_LISTS = frozenset("list tuple set frozenset sorted iter enumerate zip map filter max min".split())
_CHANGES = frozenset("append add insert remove discard pop popitem clear setdefault update".split())


def hands_out(roles: Iterable[Role], side: str) -> Role | None:
    """Return a use that gets stored objects out of the container, or decides by how many or which there are, or None.

    A look-up by ``id(self)`` does not count: whoever knows the ``id()`` of an object has it. For ``side`` ``key`` and
    ``element`` a walk counts, for ``value`` one over the values.
    """
    every = tuple(roles)
    by_identity = side == "value" and _all_under_id(every)
    for role in every:
        if role.use.scope.kind != "function":
            continue
        if _hands_out(role, side, by_identity=by_identity):
            return role
        if _decides(role, side, by_identity=by_identity) and not _guards_change(role, every):
            return role
    return None


def _decides(role: Role, side: str, *, by_identity: bool) -> bool:
    """Tell whether something else happens once an entry is gone: by whether there is any, how many, or one of a name."""
    if role.kind == "contains":
        return side == "value" and not by_identity and not role.key_text.startswith("id(")
    if role.kind == "argument" and role.name == "bool":
        return True
    if role.kind == "argument" and role.name == "len":
        return isinstance(role.file.parent(role.node), (cst.Comparison, cst.ComparisonTarget))
    return role.kind == "truth"


def _guards_change(role: Role, roles: Iterable[Role]) -> bool:
    """Tell whether the statement that a use decides on only looks after the container: stores, or takes out."""
    around = (role.node, *role.file.around(role.node))
    statement = next((one for one in around if isinstance(one, (cst.If, cst.While, cst.FunctionDef))), None)
    if not isinstance(statement, (cst.If, cst.While)):
        return False
    inside = {id(node) for node in walk(statement.body)}
    changes = (one for one in roles if one.kind in {"set-item", "delete-item", "bind"} or one.name in _CHANGES)
    return any(id(one.use.node) in inside for one in changes)


def _hands_out(role: Role, side: str, *, by_identity: bool) -> bool:
    above = role.file.parent(role.node)
    dropped = isinstance(above, cst.Expr)
    if role.kind == "method":  # handed on: whoever calls it gets what it gives
        return role.name in (_OF_SET if side == "element" else _ALL if by_identity else _ALL | _BY_KEY)
    if side == "value":
        if role.kind == "get-item":
            return not by_identity
        if role.kind == "call" and role.name in _BY_KEY:
            return not by_identity and not dropped
        if role.kind == "call" and role.name in _ALL:
            return not dropped and not _only_counted(role)
        return not by_identity and _lists_keys(role)
    if role.kind == "iterate" or role.kind == "star":
        return True
    if role.kind == "argument":
        return role.name not in _ASKS
    if role.kind == "get-item":
        return side == "element"
    names = _OF_SET if side == "element" else {"keys", "items", "popitem"}
    return role.kind == "call" and role.name in names and not dropped and not _only_counted(role)


def _lists_keys(role: Role) -> bool:
    """Tell whether a use lists the keys, which say of which objects there are entries."""
    if role.kind == "argument":
        return role.name in _LISTS
    return role.kind in {"iterate", "star"} or (role.kind == "call" and role.name == "keys" and not _only_counted(role))


def _only_counted(role: Role) -> bool:
    above = role.file.parent(role.node)
    call = role.file.parent(above) if isinstance(above, cst.Arg) else None
    return isinstance(call, cst.Call) and isinstance(call.func, cst.Name) and call.func.value in _ASKS


def _all_under_id(roles: tuple[Role, ...]) -> bool:
    stores = [role for role in roles if role.kind == "set-item"]
    return bool(stores) and all(role.key_text.startswith("id(") for role in stores)
