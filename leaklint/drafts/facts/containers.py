"""Which expressions make a container, of which kind, and whether that kind is weak or bounded by itself."""

from __future__ import annotations

import ast

from leaklint.contracts.library import of_nature
from leaklint.drafts.facts.kinds import KINDS
from leaklint.drafts.facts.model import Allocation, Value
from leaklint.drafts.facts.places import Places
from leaklint.drafts.facts.tree import AstScope
from leaklint.drafts.facts.values import describe, given, mangle

_OF_LITERAL: dict[type, str] = {
    ast.Dict: "dict",
    ast.DictComp: "dict",
    ast.List: "list",
    ast.ListComp: "list",
    ast.Set: "set",
    ast.SetComp: "set",
}

_FIELDS = of_nature("field")


def made(node: ast.expr, scope: AstScope, places: Places) -> Allocation | None:
    """Return the container that ``node`` makes, or None. A call of an unknown maker is of kind ``object``."""
    kind = _OF_LITERAL.get(type(node))
    if kind is not None:
        elements = node.values if isinstance(node, ast.Dict) else getattr(node, "elts", None)
        entries = -1 if elements is None else len(elements)
        text = "{}" if kind == "dict" and not entries else _text(node, places)
        return Allocation(kind, None, text, "", entries, False, places.span(node))
    if isinstance(node, ast.Constant) and node.value is None:
        return Allocation("none", None, "None", "", 0, False, places.span(node))
    if isinstance(node, ast.Call):
        return _called(node, scope, places)
    if isinstance(node, ast.BoolOp):
        return made(node.values[-1], scope, places)
    return None


def _called(node: ast.Call, scope: AstScope, places: Places) -> Allocation | None:
    maker = describe(node.func, scope)[0]
    name = maker.path[-1] if maker.path else ""
    if name in _FIELDS:
        return _field(node, scope, places)
    kind = KINDS.get(name, "object")
    inner, on_read = "", False
    args = given(node)
    if name == "deque" and _limited(args):
        kind = "bounded"
    if name == "defaultdict":
        on_read = True
        if args:
            below = args[0][1]
            maker_of_inner = describe(below, scope)[0]
            inner = maker_of_inner.path[-1] if maker_of_inner.path else "object"
            if isinstance(below, ast.Lambda):
                made_inside = made(below.body, scope, places)
                inner = made_inside.kind if made_inside is not None else "object"
    return Allocation(kind, maker, _text(node, places), inner, -1 if args else 0, on_read, places.span(node))


def _field(node: ast.Call, scope: AstScope, places: Places) -> Allocation | None:
    """``field(default=..)`` shares one object among instances, ``default_factory`` makes one for each."""
    for keyword in node.keywords:
        if keyword.arg == "default":
            return made(keyword.value, scope, places)
    return None


def _limited(args: list[tuple[str, ast.expr]]) -> bool:
    for place, (name, value) in enumerate(args):
        if name == "maxlen" or (name == "" and place == 1):
            return not (isinstance(value, ast.Constant) and value.value is None)
    return False


def _text(node: ast.expr, places: Places) -> str:
    text = " ".join(places.code(node).split())
    return text if len(text) <= 60 else text[:57] + "..."


def binding(
    node: ast.Assign | ast.AnnAssign, scope: AstScope, places: Places
) -> list[tuple[ast.expr, Allocation, str]]:
    """Return (target, what is made, annotation) for every target of an assignment that makes a container."""
    if node.value is None:
        return []
    allocation = made(node.value, scope, places)
    if allocation is None:
        return []
    if isinstance(node, ast.AnnAssign):
        return [(node.target, allocation, places.code(node.annotation))]
    return [(target, allocation, "") for target in node.targets]


def named(target: ast.expr, scope: AstScope) -> tuple[str, Value] | None:
    """Return how an assignment target is called in a ``Binding``, or None if it is neither name nor attribute."""
    if isinstance(target, ast.Name):
        if scope.kind == "function" and target.id in scope.outer:
            return (target.id, Value("global", (target.id,)))
        kind = "cell" if scope.kind == "function" else "global"
        name = mangle(target.id, scope) if scope.kind == "class" else target.id
        return (name, Value(kind, name=f"{scope.qualname}:{target.id}"))
    if isinstance(target, ast.Attribute):
        value = describe(target, scope)[0]
        if value.path and value.kind in {"self", "cls", "global"}:
            return (value.path[-1], value)
    return None
