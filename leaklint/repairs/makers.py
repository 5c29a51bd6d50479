"""Rewriting the expressions that make a container, and what they start with."""

from __future__ import annotations

import libcst as cst

from leaklint.repairs.draft import Draft
from leaklint.repairs.files import ParsedFile
from leaklint.repairs.owners import Owners, apply
from leaklint.repairs.roles import Role

_PLAIN = {
    "dict": frozenset({"dict", "OrderedDict"}),
    "list": frozenset({"list"}),
    "set": frozenset({"set"}),
}
_Literal = cst.Dict | cst.List | cst.Set
_LITERALS: dict[str, type[cst.BaseExpression]] = {"dict": cst.Dict, "list": cst.List, "set": cst.Set}
_LACKING = {
    "defaultdict": "makes its entries when they are read, which a weak container does not",
    "Counter": "counts, and numbers cannot be weakly referenced",
    "deque": "has two ends, which a WeakSet has not",
    "ChainMap": "is a view of other maps",
}


def is_maker(node: cst.CSTNode | None) -> bool:
    """Tell whether ``node`` makes a container (or is the None that stands in for one)."""
    made = (cst.Dict, cst.List, cst.Set, cst.Call, cst.DictComp, cst.ListComp, cst.SetComp)
    return isinstance(node, made) or _is_none(node)


def kind_of(file: ParsedFile, node: cst.CSTNode | None) -> str:
    """Return dict, list or set for an expression that makes one, else the empty string."""
    if isinstance(node, cst.BooleanOperation):
        return kind_of(file, node.right)
    for kind, literals in _LITERALS.items():
        if isinstance(node, literals):
            return kind
    if isinstance(node, cst.Call):
        name = _called(file, node)
        return next((kind for kind, names in _PLAIN.items() if name in names), "dict" if name == "defaultdict" else "")
    return "dict" if isinstance(node, cst.DictComp) else "list" if isinstance(node, cst.ListComp) else ""


def rebuild(draft: Draft, role: Role, node: cst.CSTNode | None, kind: str, weak: str, owners: Owners) -> None:
    """Make the expression ``node``, which made a ``kind``, make the weak container that ``weak`` names instead."""
    file = role.file
    place = file.place(role.use.node)
    if node is None or _is_none(node):
        return
    if isinstance(node, cst.BooleanOperation):
        rebuild(draft, role, node.right, kind, weak, owners)
        return
    if isinstance(node, cst.Call):
        _remake_call(draft, role, node, kind, weak)
    elif isinstance(node, _Literal) and isinstance(node, _LITERALS[kind]):
        if node.elements:
            _wrap(draft, role, node, weak, owners)
        else:
            draft.replace(file, node, f"{draft.name(file, weak, role.use.scope)}()")
    else:
        draft.refuse(f"the container is made at {place} in a way that cannot be made weak")


def _remake_call(draft: Draft, role: Role, node: cst.Call, kind: str, weak: str) -> None:
    file, name = role.file, _called(role.file, node)
    if name in _PLAIN[kind] and not node.args:
        draft.replace(file, node, f"{draft.name(file, weak, role.use.scope)}()")
    elif name in _LACKING:
        draft.refuse(f"the {name} made at {file.place(node)} {_LACKING[name]}")
    elif name in _PLAIN[kind]:
        draft.refuse(f"what the {name} made at {file.place(node)} starts with is not known")
    else:
        draft.refuse(f"the container is made by {name}() at {file.place(node)}, which has an interface of its own")


def _wrap(draft: Draft, role: Role, node: _Literal, weak: str, owners: Owners) -> None:
    """A literal with entries becomes the argument of the weak container, if every entry has another owner."""
    file = role.file
    for element in node.elements:
        stored = element.key if weak == "WeakKeyDictionary" and isinstance(element, cst.DictElement) else element.value
        if isinstance(element, (cst.StarredElement, cst.StarredDictElement)):
            draft.refuse(f"what the container made at {file.place(node)} starts with is not known")
            return
        fate = owners.of(file, stored, role.use.scope)
        apply(draft, fate)
        if fate.level in {"held", "returned"} and isinstance(stored, cst.Name):
            _check_global(draft, file, stored)
    draft.insert(file, file.start(node), f"{draft.name(file, weak, role.use.scope)}(")
    draft.insert(file, file.end(node), ")")


def _check_global(draft: Draft, file: ParsedFile, node: cst.Name) -> None:
    callee = draft.files.program.callee(file.denoted(node))
    if callee is None and node.value not in file.module.imports:
        draft.assume(f"{node.value} at {file.place(node)} takes weak references")


def _called(file: ParsedFile, node: cst.Call) -> str:
    return file.code(node.func).rpartition(".")[2]


def _is_none(node: cst.CSTNode | None) -> bool:
    return isinstance(node, cst.Name) and node.value == "None"
