"""Which expressions make a container, of which kind, and whether that kind is weak or bounded by itself."""

from __future__ import annotations

import libcst as cst

from leaklint.facts.kinds import KINDS
from leaklint.facts.model import Binding, Made, Span, Value
from leaklint.facts.tree import Scope
from leaklint.facts.values import describe, mangle
from leaklint.source import Source

_OF_LITERAL = {
    cst.Dict: "dict",
    cst.DictComp: "dict",
    cst.List: "list",
    cst.ListComp: "list",
    cst.Set: "set",
    cst.SetComp: "set",
}

_FIELDS = frozenset({"field", "ib", "attrib"})  # of dataclasses and attrs


def made(node: cst.CSTNode, scope: Scope, source: Source) -> Made | None:
    """Return the container that ``node`` makes, or None. A call of an unknown maker is of kind ``object``."""
    kind = _OF_LITERAL.get(type(node))
    if kind is not None:
        elements = getattr(node, "elements", None)
        return Made(
            kind, None, _text(node), "", -1 if elements is None else len(elements), False, Span(*source.span(node))
        )
    if isinstance(node, cst.Name) and node.value == "None":
        return Made("none", None, "None", "", 0, False, Span(*source.span(node)))
    if isinstance(node, cst.Call):
        return _called(node, scope, source)
    if isinstance(node, cst.BooleanOperation):
        return made(node.right, scope, source)
    return None


def _called(node: cst.Call, scope: Scope, source: Source) -> Made | None:
    maker = describe(node.func, scope)[0]
    name = maker.path[-1] if maker.path else ""
    if name in _FIELDS:
        return _field(node, scope, source)
    kind = KINDS.get(name, "object")
    inner, on_read = "", False
    if name == "deque" and _limited(node):
        kind = "bounded"
    if kind == "bounded" and not node.args:
        kind = "bounded"
    if name == "defaultdict":
        on_read = True
        if node.args:
            below = node.args[0].value
            maker_of_inner = describe(below, scope)[0]
            inner = maker_of_inner.path[-1] if maker_of_inner.path else "object"
            if isinstance(below, cst.Lambda):
                made_inside = made(below.body, scope, source)
                inner = made_inside.kind if made_inside is not None else "object"
    return Made(kind, maker, _text(node), inner, 0 if not node.args else -1, on_read, Span(*source.span(node)))


def _field(node: cst.Call, scope: Scope, source: Source) -> Made | None:
    """``field(default=..)`` shares one object among instances, ``default_factory`` makes one for each."""
    for argument in node.args:
        if argument.keyword is not None and argument.keyword.value == "default":
            return made(argument.value, scope, source)
    return None


def _limited(node: cst.Call) -> bool:
    for place, argument in enumerate(node.args):
        if (argument.keyword is not None and argument.keyword.value == "maxlen") or (
            argument.keyword is None and place == 1
        ):
            return not (isinstance(argument.value, cst.Name) and argument.value.value == "None")
    return False


def _text(node: cst.CSTNode) -> str:
    text = cst.Module(body=[]).code_for_node(node) if not isinstance(node, cst.Dict) or node.elements else "{}"
    text = " ".join(text.split())
    return text if len(text) <= 60 else text[:57] + "..."


def annotation_text(node: cst.Annotation | None) -> str:
    """Return the source of an annotation without its colon, or the empty string."""
    return "" if node is None else cst.Module(body=[]).code_for_node(node.annotation)


def binding(
    node: cst.Assign | cst.AnnAssign, scope: Scope, source: Source
) -> list[tuple[cst.BaseExpression, Made, str]]:
    """Return (target, what is made, annotation) for every target of an assignment that makes a container."""
    if node.value is None:
        return []
    thing = made(node.value, scope, source)
    if thing is None:
        return []
    if isinstance(node, cst.AnnAssign):
        return [(node.target, thing, annotation_text(node.annotation))]
    return [(target.target, thing, "") for target in node.targets]


def named(target: cst.BaseExpression, scope: Scope) -> tuple[str, Value] | None:
    """Return how an assignment target is called in a ``Binding``, or None if it is neither name nor attribute."""
    if isinstance(target, cst.Name):
        if scope.kind == "function" and target.value in scope.outer:
            return (target.value, Value("global", (target.value,)))
        kind = "cell" if scope.kind == "function" else "global"
        name = mangle(target.value, scope) if scope.kind == "class" else target.value
        return (name, Value(kind, name=f"{scope.qualname}:{target.value}"))
    if isinstance(target, cst.Attribute):
        value = describe(target, scope)[0]
        if value.path and value.kind in {"self", "cls", "global"}:
            return (value.path[-1], value)
    return None


__all__ = ["Binding", "annotation_text", "binding", "made", "named"]
