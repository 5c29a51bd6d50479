"""Whether the order in which a container is walked shows: a set of weak references has none, a list of them keeps it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import libcst as cst

from leaklint.repairs.files import ParsedFile
from leaklint.repairs.roles import Role
from leaklint.repairs.scopes import walk

ORDERLESS = frozenset("len bool set frozenset sorted any all sum min max".split())
_COPIES = frozenset({"list", "tuple", "iter"})
_LAST = (cst.Return, cst.Break, cst.Yield)


def keeps_order(name: str, roles: Iterable[Role]) -> bool:
    """Tell whether a list has to keep the order in which a program walks it: what comes of the walk depends on it.

    One with a public ``name`` may be walked by others as well, who would find the references in it.
    """
    private = name.startswith("_") and not name.endswith("__")
    return private and any(_shows(role) for role in roles if role.kind in {"iterate", "argument", "star"})


def feeds_a_set(file: ParsedFile, loop: cst.CSTNode) -> bool:
    """Tell whether a comprehension over the container feeds something to which order means nothing."""
    whole = file.parent(loop) if isinstance(loop, cst.CompFor) else None
    if isinstance(whole, cst.SetComp):
        return True
    above = file.parent(whole) if whole is not None else None
    call = file.parent(above) if isinstance(above, cst.Arg) else None
    return isinstance(call, cst.Call) and isinstance(call.func, cst.Name) and call.func.value in ORDERLESS


def _shows(role: Role) -> bool:
    file, node = role.file, role.node
    if role.kind == "argument":
        if role.name in ORDERLESS:
            return False
        above = file.parent(node)
        if role.name not in _COPIES or not isinstance(above, (cst.For, cst.CompFor)) or above.iter is not node:
            return True
        node = above
    if isinstance(node, cst.For):
        names = {below.value for below in walk(node.target) if isinstance(below, cst.Name)}
        return any(_tells(file, below, names) for below in _inside(node.body))
    return not feeds_a_set(file, node)


def _inside(body: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """Yield what a loop does itself: functions and classes inside of it are left out."""
    todo = [body]
    while todo:
        node = todo.pop()
        if not isinstance(node, (cst.FunctionDef, cst.Lambda, cst.ClassDef)):
            yield node
            todo.extend(node.children)


def _tells(file: ParsedFile, node: cst.CSTNode, names: set[str]) -> bool:
    """Tell whether a part of a loop does more than call the walked objects, whose names are given, and set their attributes."""
    if isinstance(node, _LAST):
        return True
    if isinstance(node, (cst.AssignTarget, cst.AugAssign, cst.AnnAssign)):
        return isinstance(node.target, cst.Name)
    if not isinstance(node, cst.Expr) or not isinstance(node.value, cst.Call):
        return False
    func: cst.CSTNode = node.value.func
    while isinstance(func, (cst.Attribute, cst.Subscript, cst.Call)):
        func = func.func if isinstance(func, cst.Call) else func.value
    return not (isinstance(func, cst.Name) and func.value in names)


__all__ = ["ORDERLESS", "feeds_a_set", "keeps_order"]
