"""Numbers made from ``len(container)``: once entries go by themselves, the same number would be given twice."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import libcst as cst

from leaklint.repairs.draft import Draft
from leaklint.repairs.files import Files
from leaklint.repairs.merged import merges
from leaklint.repairs.roles import Role
from leaklint.repairs.scopes import children, walk
from leaklint.repairs.uses import Use

_HOPS = 3

_TEXTS = (cst.FormattedString, cst.SimpleString, cst.ConcatenatedString, cst.Tuple)
_TO_TEXT = frozenset({"str", "repr", "format", "hex"})
_FILLS = frozenset({"append", "add", "appendleft", "insert", "setdefault", "extend", "update", "__setitem__"})
_BARE = (cst.Assign, cst.AnnAssign, cst.Arg, cst.Index, cst.Return, cst.NamedExpr)


def judge(draft: Draft, roles: Iterable[Role], *, renumber: bool) -> None:
    """Refuse the repair where a number made from the length tells one object from another.

    With ``renumber`` (a dict whose every key is such a number) the length gives way to the highest key in use plus one,
    which is the same number as long as nothing has gone.
    """
    every = tuple(roles)
    counted = [role for role in every if _is_length(role)]
    stores = [role for role in every if role.kind == "set-item" or (role.kind == "call" and role.name in _FILLS)]
    for role in (one for counting in counted for one in _given_on(draft.files, counting)):
        mine = [store for store in stores if store.use.scope is role.use.scope]
        if not mine:
            continue
        carriers = _carriers(role)
        keyed = [store for store in mine if any(_carries(key, role, carriers) for key in _keys(store))]
        if (
            keyed
            and renumber
            and _is_length(role)
            and len(keyed) == len(stores)
            and not any(_is_text(one, carriers) for one in keyed)
        ):
            _renumber(draft, role)
        elif keyed or any(_names_something(role, store, carriers) for store in mine):
            draft.refuse(f"the number made from the length at {role.place} would be given again once an entry is gone")


def _is_length(role: Role) -> bool:
    return role.kind == "argument" and role.name == "len" and role.use.scope.kind == "function"


def _given_on(files: Files, role: Role, hops: int = _HOPS) -> Iterator[Role]:
    """Yield the use of a length, and the calls of functions that return a number made from it."""
    yield role
    if hops and role.use.scope.kind == "function" and _is_returned(role, _carriers(role)):
        for file, node in files.call_nodes(role.file.function(role.use.scope)):
            yield from _given_on(files, Role(Use(file, node, file.scope(node), 0), "number", node), hops - 1)


def _is_returned(role: Role, carriers: frozenset[str]) -> bool:
    returns = (node for node in walk(role.use.scope.node) if isinstance(node, cst.Return))
    return any(node.value is not None and _carries(node.value, role, carriers) for node in returns)


def _keys(store: Role) -> tuple[cst.BaseExpression, ...]:
    return tuple(store.arguments[:1]) if store.kind == "call" and store.name == "setdefault" else store.keys


def _carriers(role: Role) -> frozenset[str]:
    """Return the local names that the length flows into, as attribute names with a dot before them."""
    known: set[str] = set()
    while more := {name for name, value in _bindings(role.use.scope.node) if _carries(value, role, known)} - known:
        known |= more
    return frozenset(known)


def _bindings(function: cst.CSTNode) -> Iterator[tuple[str, cst.CSTNode]]:
    """Yield what is bound below a function: names, and attributes with a dot before their name."""
    for node in walk(function):
        targets: list[cst.CSTNode] = []
        value: cst.CSTNode | None = None
        if isinstance(node, cst.Assign):
            targets, value = [item.target for item in node.targets], node.value
        elif isinstance(node, (cst.AnnAssign, cst.NamedExpr)):
            targets, value = [node.target], node.value
        elif isinstance(node, (cst.For, cst.CompFor)):
            targets, value = [node.target], node.iter
        for target in targets if value is not None else ():
            if isinstance(target, cst.Attribute):
                yield f".{target.attr.value}", value or target
            elif isinstance(target, cst.Name):
                yield target.value, value or target


def _carries(node: cst.CSTNode, role: Role, names: Iterable[str]) -> bool:
    """Tell whether the value of an expression is made from the length; the outcome of a comparison is not."""
    known = set(names)
    stack: list[cst.CSTNode] = [node]
    while stack:
        one = stack.pop()
        if one is role.node or (isinstance(one, cst.Name) and one.value in known):
            return True
        if isinstance(one, cst.Attribute) and f".{one.attr.value}" in known:
            return True
        if not isinstance(one, cst.Comparison):
            stack.extend(children(one))
    return False


def _is_text(store: Role, carriers: frozenset[str]) -> bool:
    """Tell whether the keys are texts or tuples, of which there is no highest plus one."""
    bindings = [(name, value) for name, value in _bindings(store.use.scope.node) if name in carriers]
    parts: list[cst.CSTNode] = list(_keys(store))
    needed: set[str] = set()
    while more := {node.value for one in parts for node in walk(one) if isinstance(node, cst.Name)} - needed:
        needed |= more
        parts += [value for name, value in bindings if name in more]
    for node in (below for one in parts for below in walk(one)):
        if isinstance(node, _TEXTS):
            return True
        if isinstance(node, cst.Call) and isinstance(node.func, cst.Name) and node.func.value in _TO_TEXT:
            return True
        if isinstance(node, cst.BinaryOperation) and not isinstance(node.operator, cst.Add):
            return True
    return len(_keys(store)) != 1


def _names_something(role: Role, store: Role, carriers: frozenset[str]) -> bool:
    """Tell whether the number ends up in an object: an attribute, what is stored, or what is returned."""
    if any(name.startswith(".") for name in carriers):
        return True
    for node in walk(store.node):
        if isinstance(node, cst.Arg) and node.value is not role.node and _carries(node.value, role, carriers):
            return True
        if isinstance(node, cst.Arg) and node.value is role.node:
            return True
    if store.value is not None and _carries(store.value, role, carriers):
        return True
    return not merges(store) and _is_returned(role, carriers)


def _renumber(draft: Draft, role: Role) -> None:
    file = role.file
    text = f"max({file.code(role.use.node)}, default=-1) + 1"
    bare = isinstance(file.parent(role.node), _BARE)
    draft.replace(file, role.node, text if bare else f"({text})")
    draft.assume(f"the number of an object that is gone may be given again at {role.place}")
