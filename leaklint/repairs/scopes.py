"""Scopes of a libcst module as edits need them: which names each has, and which nodes bind them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from typing import Literal, NamedTuple

import libcst as cst

Definition = cst.FunctionDef | cst.ClassDef

# Fields that hold only white space and punctuation: nothing below them is code.
_LAYOUT = frozenset(
    [
        "leading_lines",
        "lines_after_decorators",
        "lpar",
        "rpar",
        "lbracket",
        "rbracket",
        "lbrace",
        "rbrace",
        "comma",
        "semicolon",
        "equal",
        "colon",
        "dot",
        "header",
        "footer",
        "trailing_whitespace",
        "newline",
        "comment",
        "indent",
        "asynchronous",
        "operator_whitespace",
        "default_indent",
        "encoding",
        "whitespace",
        "whitespace_before",
        "whitespace_after",
        "first_line",
        "last_line",
    ]
)
_fields: dict[type, tuple[str, ...]] = {}
_others: set[type] = set()  # what fields hold besides nodes: strings, sentinels, None


def children(node: cst.CSTNode) -> list[cst.CSTNode]:
    """Return the nodes directly below ``node`` that are code, in the order of libcst's fields."""
    names = _fields.get(node.__class__)
    if names is None:
        names = _fields[node.__class__] = _code_fields(type(node))
    found: list[cst.CSTNode] = []
    for name in names:
        value = getattr(node, name)
        kind = value.__class__
        if kind is tuple or kind is list:
            found += value
        elif kind in _fields or (kind not in _others and _is_node(kind)):
            found.append(value)
    return found


def _is_node(kind: type) -> bool:
    """libcst's classes are abstract base classes, for which ``isinstance`` is slow: ask once a class."""
    if issubclass(kind, cst.CSTNode):
        _fields[kind] = _code_fields(kind)
        return True
    _others.add(kind)
    return False


def _code_fields(kind: type[cst.CSTNode]) -> tuple[str, ...]:
    return tuple(
        item.name
        for item in fields(kind)
        if item.name not in _LAYOUT and not item.name.startswith("whitespace") and item.name != "__slots__"
    )


def walk(root: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """Yield ``root`` and all code below it, parents first, without recursion."""
    stack = [root]
    while stack:
        node = stack.pop()
        yield node
        stack += reversed(children(node))


class CstBinding(NamedTuple):
    """One way in which a name gets its value, from ``node``, at ``target``.

    ``how``: value, element, enter, exception, def, class, part.
    """

    how: str
    node: cst.CSTNode | None
    target: cst.Name


@dataclass(slots=True, eq=False)
class CstScope:
    """A module, class or function: how its names get values, its parameters by place, what is imported, what is another's."""

    node: cst.Module | Definition
    parent: CstScope | None
    bound: dict[str, list[CstBinding]] = field(default_factory=dict)
    params: dict[str, int] = field(default_factory=dict)
    outer: set[str] = field(default_factory=set)
    imports: dict[str, str] = field(default_factory=dict)

    @property
    def kind(self) -> Literal["module", "class", "function"]:
        """Return whether this is a module, a class or a function."""
        if isinstance(self.node, cst.Module):
            return "module"
        return "class" if isinstance(self.node, cst.ClassDef) else "function"

    @property
    def name(self) -> str:
        """Return the name of the class or function; that of a module is empty."""
        return "" if isinstance(self.node, cst.Module) else self.node.name.value

    @property
    def qualname(self) -> str:
        """Return the qualified name below the module; that of a module is empty."""
        if self.parent is None or self.parent.kind == "module":
            return self.name
        inner = ".<locals>" if self.parent.kind == "function" else ""
        return f"{self.parent.qualname}{inner}.{self.name}"

    @property
    def is_method(self) -> bool:
        """Tell whether this is a function that stands directly in a class."""
        return self.kind == "function" and self.parent is not None and self.parent.kind == "class"

    def enclosing(self) -> Iterator[CstScope]:
        """Yield the scopes in which a free name of this scope is looked up, innermost first; classes are skipped."""
        scope = self.parent
        while scope is not None:
            if scope.kind != "class":
                yield scope
            scope = scope.parent


_Ways = Iterator[tuple[str, cst.CSTNode | None, cst.BaseExpression]]
_BINDING: frozenset[type] = frozenset({
    cst.Assign, cst.AnnAssign, cst.AugAssign, cst.NamedExpr, cst.For, cst.CompFor, cst.WithItem, cst.Try, cst.TryStar,
    cst.FunctionDef, cst.ClassDef, cst.Global, cst.Nonlocal, cst.Import, cst.ImportFrom,
})  # fmt: skip


def _ways(node: cst.CSTNode) -> _Ways:
    """Yield how ``node`` binds, what it gives, and the target, which may be a tuple or list of targets."""
    if isinstance(node, cst.Assign):
        for assigned in node.targets:
            yield "value", node.value, assigned.target
    elif isinstance(node, (cst.AnnAssign, cst.NamedExpr)):
        if node.value is not None:
            yield "value", node.value, node.target
    elif isinstance(node, cst.AugAssign):
        yield "part", node.value, node.target
    elif isinstance(node, (cst.For, cst.CompFor)):
        yield "element", node.iter, node.target
    elif isinstance(node, cst.WithItem):
        if node.asname is not None:
            yield "enter", node.item, node.asname.name
    elif isinstance(node, (cst.Try, cst.TryStar)):
        for handler in node.handlers:
            if handler.name is not None:
                yield "exception", None, handler.name.name
    elif isinstance(node, (cst.FunctionDef, cst.ClassDef)):
        yield "class" if isinstance(node, cst.ClassDef) else "def", node, node.name


def _bind(scope: CstScope, bindings: _Ways) -> None:
    """Note each name that is bound; one in a tuple or list of targets gets a part of what is given, or its own value."""
    stack = [*bindings][::-1]
    while stack:
        how, node, target = stack.pop()
        if isinstance(target, cst.Name):
            scope.bound.setdefault(target.value, []).append(CstBinding(how, node, target))
        elif isinstance(target, (cst.Tuple, cst.List)):
            given = node.elements if how == "value" and isinstance(node, (cst.Tuple, cst.List)) else ()
            alike = len(given) == len(target.elements)
            for place, element in enumerate(target.elements):
                stack.append(("value", given[place].value, element.value) if alike else ("part", node, element.value))


def dotted_name(node: cst.CSTNode) -> str:
    """Return ``a.b.c`` for a chain of attributes on a name, or the empty string."""
    parts: list[str] = []
    while isinstance(node, cst.Attribute):
        parts.append(node.attr.value)
        node = node.value
    if not isinstance(node, cst.Name):
        return ""
    return ".".join([node.value, *reversed(parts)])


@dataclass(frozen=True, slots=True)
class CstScopeTree:
    """Scopes in the order of the source (the module first) and the parent of every node of code."""

    module: CstScope
    scopes: tuple[CstScope, ...]
    parents: dict[cst.CSTNode, cst.CSTNode]

    def release(self) -> None:
        """Let go of the nodes: scopes know each other, and no collector runs while files are read."""
        for scope in self.scopes:
            scope.parent = None
            scope.bound.clear()
        self.parents.clear()


def read_tree(module: cst.Module) -> CstScopeTree:
    """Walk ``module`` once."""
    top = CstScope(module, None)
    scopes = [top]
    parents: dict[cst.CSTNode, cst.CSTNode] = {}
    stack: list[tuple[cst.CSTNode, CstScope]] = [(module, top)]
    while stack:
        node, scope = stack.pop()
        below = children(node)
        parents.update(dict.fromkeys(below, node))
        inner, body = scope, None
        if node.__class__ in _BINDING:
            _bind(scope, _ways(node))
            _declare(scope, node)
            if isinstance(node, (cst.FunctionDef, cst.ClassDef)):
                inner, body = CstScope(node, scope), node.body
                scopes.append(inner)
                if isinstance(node, cst.FunctionDef):
                    inner.params.update({name: place for place, name in enumerate(_parameters(node.params))})
        stack += [(child, inner if child is body else scope) for child in reversed(below)]
    return CstScopeTree(top, tuple(scopes), parents)


def _declare(scope: CstScope, node: cst.CSTNode) -> None:
    """Note the names that a scope imports, or takes from outside."""
    if isinstance(node, (cst.Global, cst.Nonlocal)):
        scope.outer.update(one.name.value for one in node.names)
    elif isinstance(node, (cst.Import, cst.ImportFrom)) and not isinstance(node.names, cst.ImportStar):
        start = f"{dotted_name(node.module) if node.module else ''}." if isinstance(node, cst.ImportFrom) else ""
        for alias in node.names:
            name = dotted_name(alias.name)
            if alias.asname is not None:
                scope.imports[dotted_name(alias.asname.name)] = f"{start}{name}"
            else:
                first = name if start else name.partition(".")[0]
                scope.imports[first] = f"{start}{first}"


def _parameters(params: cst.Parameters) -> Iterator[str]:
    """Yield the names of all parameters in the order of the source."""
    several = [params.star_arg] if isinstance(params.star_arg, cst.Param) else []
    named = [params.star_kwarg] if params.star_kwarg is not None else []
    for one in (*params.posonly_params, *params.params, *several, *params.kwonly_params, *named):
        yield one.name.value
