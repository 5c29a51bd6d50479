"""What is stored, where no class, annotation or call tells: only what is used as an object is taken for one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import libcst as cst

from leaklint.repairs.draft import Draft
from leaklint.repairs.files import ParsedFile
from leaklint.repairs.roles import Role
from leaklint.repairs.scopes import walk

_OF_PLAIN = frozenset(name for kind in (str, bytes, int, float, tuple, list, dict, set) for name in dir(kind))
_READS = frozenset({"get", "pop", "popleft", "popitem", "setdefault"})


def judge_unknown(draft: Draft, roles: Iterable[Role], stored: Iterable[tuple[Role, cst.BaseExpression]]) -> None:
    """Refuse where nothing shows that what is stored is an object: text, numbers and tuples take no weak references.

    ``stored`` are the expressions that are put in, each with its place.
    """
    put = list(stored)
    if not put or any(_is_used(role.file, role.use.scope.node, _name(node)) for role, node in put):
        return
    if any(_is_used(file, place, name) for role in roles for file, place, name in names_read(role)):
        return
    if any(_is_object(role.file, node) for role in roles for node in direct_reads(role)):
        return
    draft.refuse(
        f"nothing tells what is stored at {put[0][0].place}, and text, numbers and tuples take no weak references"
    )


def _name(node: cst.CSTNode | None) -> str:
    return node.value if isinstance(node, cst.Name) else ""


def names_read(role: Role, side: str = "") -> Iterator[tuple[ParsedFile, cst.CSTNode, str]]:
    """Yield the names under which a function has what it reads from a container, with the code that uses them.

    With the ``side`` of a mapping only the names of its keys, or of its values, count.
    """
    for node in direct_reads(role) if side != "key" else ():
        above = role.file.parent(node)
        if isinstance(above, cst.Assign) and isinstance(above.targets[0].target, cst.Name):
            yield role.file, role.use.scope.node, above.targets[0].target.value
        elif isinstance(above, cst.NamedExpr) and isinstance(above.target, cst.Name):
            yield role.file, role.use.scope.node, above.target.value
    for loop in _loops(role) if _walks(role, side) else ():
        targets = [loop.target] if isinstance(loop.target, cst.Name) else [one.value for one in _elements(loop.target)]
        if side and role.name == "items" and len(targets) == 2:
            targets = targets[:1] if side == "key" else targets[1:]
        body = loop.body if isinstance(loop, cst.For) else role.file.parent(loop)
        yield from ((role.file, body, name) for one in targets if body is not None and (name := _name(one)))


def _walks(role: Role, side: str) -> bool:
    """Tell whether a loop over what a use gives comes to what is on one side of a mapping."""
    return role.name in {"values", "items"} if side == "value" else side != "key" or role.name != "values"


def _elements(node: cst.CSTNode) -> Iterator[cst.BaseElement]:
    if isinstance(node, (cst.Tuple, cst.List)):
        yield from node.elements


def direct_reads(role: Role) -> Iterator[cst.CSTNode]:
    """Yield the expressions that read one object from a container."""
    if role.kind == "get-item" or (role.kind == "call" and role.name in _READS):
        yield role.node


def _loops(role: Role) -> Iterator[cst.For | cst.CompFor]:
    """Yield the loops over a container, also over its values or a copy of it."""
    node: cst.CSTNode = role.use.node
    for above in role.file.around(node):
        if isinstance(above, (cst.For, cst.CompFor)):
            if above.iter is node:
                yield above
            return
        if not isinstance(above, (cst.Attribute, cst.Call, cst.Arg)):
            return
        node = above


def _is_used(file: ParsedFile, place: cst.CSTNode, name: str) -> bool:
    """Tell whether code asks something of a variable that plain values do not have, or calls it."""
    return bool(name) and any(
        isinstance(node, cst.Name) and node.value == name and _is_object(file, node) for node in walk(place)
    )


def _is_object(file: ParsedFile, node: cst.CSTNode) -> bool:
    """Tell whether what an expression gives is used as only an object can be."""
    above = file.parent(node)
    if isinstance(above, cst.Attribute) and above.value is node:
        return above.attr.value not in _OF_PLAIN
    return isinstance(above, cst.Call) and above.func is node


__all__ = ["direct_reads", "judge_unknown", "names_read"]
