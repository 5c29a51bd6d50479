"""What a piece of code does with a container, read off the nodes around the expression that means it."""

from __future__ import annotations

from dataclasses import dataclass

import libcst as cst

from leaklint.repairs.files import ParsedFile
from leaklint.repairs.scopes import dotted_name
from leaklint.repairs.uses import Use


@dataclass(frozen=True, slots=True, eq=False)
class Role:
    """One use and what it does. ``node`` is the whole of it: the call, the subscript, the comparison, the statement.

    ``kind``: ``bind`` (assigned, ``value`` is what), ``alias`` (given to a local name), ``alias-target`` (that name),
    ``set-item`` (``value`` is stored under ``key``), ``get-item``, ``delete-item``, ``augment-item``, ``call`` (method
    ``name``), ``method`` (``name``, not called), ``contains``, ``identity``, ``compare``, ``iterate``, ``argument``
    (of ``name``), ``star``, ``truth``, ``escape`` (``name`` says how), ``augment``, ``unbind``, ``operand``, ``shown``,
    ``matched`` (by a ``match`` statement), ``idle``.
    """

    use: Use
    kind: str
    node: cst.CSTNode
    name: str = ""
    key: cst.BaseExpression | None = None
    value: cst.BaseExpression | None = None

    @property
    def file(self) -> ParsedFile:
        """Return the file of the use."""
        return self.use.file

    @property
    def call(self) -> cst.Call:
        """Return the call of a ``call`` or ``argument``."""
        if not isinstance(self.node, cst.Call):
            raise TypeError(f"a {self.kind} is no call")
        return self.node

    @property
    def arguments(self) -> list[cst.BaseExpression]:
        """Return the plain positional arguments of a ``call``."""
        return [argument.value for argument in self.call.args if argument.keyword is None and not argument.star]

    @property
    def by_keyword(self) -> bool:
        """Tell whether an ``argument`` is handed over by a keyword."""
        above = self.file.parent(self.use.node)
        return isinstance(above, cst.Arg) and above.keyword is not None

    @property
    def keys(self) -> tuple[cst.BaseExpression, ...]:
        """Return the expressions that make up the key: several for ``d[a, b]``, none for a slice."""
        if self.key is not None:
            return (self.key,)
        parts = self.node.slice if isinstance(self.node, cst.Subscript) else ()
        found = tuple(part.slice.value for part in parts if isinstance(part.slice, cst.Index))
        return found if len(found) == len(parts) else ()

    @property
    def key_text(self) -> str:
        """Return the key as one expression, with blanks evened out; nothing for a slice."""
        texts = [" ".join(self.file.code(one).split()) for one in self.keys]
        return texts[0] if len(texts) == 1 else f"({', '.join(texts)})" if texts else ""

    @property
    def place(self) -> str:
        """Return ``path:line``."""
        return self.file.place(self.use.node)


def role_of(use: Use) -> Role:
    """Return what is done with the container at ``use``."""
    return _role(use, use.node)


def _role(use: Use, node: cst.CSTNode) -> Role:
    file = use.file
    above = file.parent(node)
    if isinstance(above, cst.Attribute):
        return _attribute(use, above)
    if isinstance(above, cst.Subscript) and above.value is node:
        return _subscript(use, above)
    if isinstance(above, (cst.Comparison, cst.ComparisonTarget)):
        return _comparison(use, node, above)
    if isinstance(above, (cst.For, cst.CompFor)):
        return Role(use, "iterate" if above.iter is node else "alias-target", above)
    if isinstance(above, cst.Arg):
        call = file.parent(above)
        if isinstance(call, cst.Call) and not above.star:
            return Role(use, "argument", call, dotted_name(call.func) or file.code(call.func))
        return Role(use, "star", above, above.star)
    if isinstance(above, (cst.BooleanOperation, cst.IfExp, cst.NamedExpr)):
        return _passed_on(use, node, above)
    return _statement(use, node, above)


def _attribute(use: Use, attribute: cst.Attribute) -> Role:
    above = use.file.parent(attribute)
    if isinstance(above, cst.Call) and above.func is attribute:
        return Role(use, "call", above, attribute.attr.value)
    return Role(use, "method", attribute, attribute.attr.value)


def _subscript(use: Use, node: cst.Subscript) -> Role:
    index = node.slice[0].slice if len(node.slice) == 1 else None
    key = index.value if isinstance(index, cst.Index) else None
    where, value = _assigned(use.file, node)
    return Role(use, where or "get-item", node, "" if key is not None else "slice", key, value)


def _assigned(file: ParsedFile, node: cst.CSTNode) -> tuple[str, cst.BaseExpression | None]:
    """Return how an item is assigned or deleted (empty: it is read), and the value that a plain assignment gives."""
    above = file.parent(node)
    if isinstance(above, cst.AssignTarget):
        statement = file.parent(above)
        return "set-item", statement.value if isinstance(statement, cst.Assign) else None
    if isinstance(above, cst.AnnAssign) and above.target is node:
        return "set-item", above.value
    if isinstance(above, cst.AugAssign) and above.target is node:
        return "augment-item", above.value
    if isinstance(above, cst.Del):
        return "delete-item", None
    if isinstance(above, (cst.For, cst.CompFor)) and above.target is node:
        return "set-item", None
    if isinstance(above, (cst.Element, cst.StarredElement)):
        group = file.parent(above)
        return _assigned(file, group)[0] if isinstance(group, (cst.Tuple, cst.List)) else "", None
    if isinstance(above, cst.AsName):
        return "set-item", None
    return "", None


def _comparison(use: Use, node: cst.CSTNode, above: cst.CSTNode) -> Role:
    whole = use.file.parent(above) if isinstance(above, cst.ComparisonTarget) else above
    if not isinstance(whole, cst.Comparison):
        return Role(use, "compare", above)
    part = above if isinstance(above, cst.ComparisonTarget) else whole.comparisons[0]
    if isinstance(part.operator, (cst.Is, cst.IsNot)):
        return Role(use, "identity", whole)
    if isinstance(part.operator, (cst.In, cst.NotIn)) and part is above and len(whole.comparisons) == 1:
        return Role(use, "contains", whole, key=whole.left)
    return Role(use, "compare", whole)


def _passed_on(use: Use, node: cst.CSTNode, above: cst.CSTNode) -> Role:
    """``a or b``, ``a if c else b`` and ``(x := a)`` give their parts on, unless the part is only a test."""
    if isinstance(above, cst.NamedExpr) and above.target is node:
        return Role(use, "alias-target", above)
    tested = isinstance(above, cst.IfExp) and above.test is node
    outer = _role(use, above)
    if tested or outer.kind in {"truth", "idle"}:
        return Role(use, "truth", above)
    if outer.kind == "alias" and not isinstance(above, cst.NamedExpr):
        return Role(use, "alias", outer.node)
    return outer


def _statement(use: Use, node: cst.CSTNode, above: cst.CSTNode | None) -> Role:
    if isinstance(above, (cst.Assign, cst.AnnAssign)) and above.value is node:
        return _given(use, above)
    if isinstance(above, cst.AssignTarget):
        statement = use.file.parent(above)
        value = statement.value if isinstance(statement, cst.Assign) else None
        return Role(use, _target_kind(use), statement or above, value=value)
    if isinstance(above, cst.AnnAssign) and above.target is node:
        return Role(use, _target_kind(use), above, value=above.value)
    if isinstance(above, cst.AugAssign):
        return Role(use, "augment" if above.target is node else "operand", above, value=above.value)
    if isinstance(above, cst.Del):
        return Role(use, "unbind", above)
    if isinstance(above, (cst.If, cst.While, cst.Assert)) or _is_not(above):
        return Role(use, "truth", above or node)
    if isinstance(above, (cst.BinaryOperation, cst.UnaryOperation)):
        return Role(use, "operand", above)
    if isinstance(above, cst.FormattedStringExpression):
        return Role(use, "shown", above)
    if isinstance(above, cst.Match) and above.subject is node:
        return Role(use, "matched", above)
    if isinstance(above, cst.Expr):
        return Role(use, "idle", above)
    if isinstance(above, (cst.StarredElement, cst.StarredDictElement)):
        return Role(use, "star", above, "**" if isinstance(above, cst.StarredDictElement) else "*")
    if isinstance(above, cst.Element) and _assigned(use.file, node)[0]:
        return Role(use, "alias-target", above)
    return Role(use, "escape", above or node, _ESCAPES.get(type(above), "handed on"))


_ESCAPES: dict[type[object], str] = {
    cst.Return: "returned",
    cst.Yield: "yielded",
    cst.From: "yielded",
    cst.Element: "put into another container",
    cst.DictElement: "put into another container",
    cst.Param: "made a default argument",
    cst.Lambda: "returned",
    cst.Await: "awaited",
    cst.WithItem: "entered",
}


def _is_not(node: cst.CSTNode | None) -> bool:
    return isinstance(node, cst.UnaryOperation) and isinstance(node.operator, cst.Not)


def _target_kind(use: Use) -> str:
    """A local name that is assigned is only an alias of the container, unless the container is that local."""
    node, scope = use.node, use.scope
    local = isinstance(node, cst.Name) and scope.kind == "function" and node.value not in scope.outer
    return "local-target" if local else "bind"


def _given(use: Use, statement: cst.Assign | cst.AnnAssign) -> Role:
    targets = [item.target for item in statement.targets] if isinstance(statement, cst.Assign) else [statement.target]
    scope = use.scope
    if scope.kind == "function":
        names = [target for target in targets if isinstance(target, cst.Name) and target.value not in scope.outer]
        if len(names) == len(targets):
            return Role(use, "alias", statement)
    return Role(use, "escape", statement, "given a second name that outlives the function")
