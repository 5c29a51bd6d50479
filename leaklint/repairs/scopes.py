"""Scopes of a libcst module as edits need them: what the facts say of each, and which nodes bind its names."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from typing import NamedTuple

import libcst as cst

from leaklint.drafts.facts import tree
from leaklint.drafts.facts.values import Values

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
    """One way in which a name gets its value: ``how`` as in the facts' scopes, from ``node``, at ``target``."""

    how: str
    node: cst.CSTNode | None
    target: cst.Name


@dataclass(slots=True, eq=False)
class CstScope:
    """A module, class or function. ``facts`` is the same scope as the facts read it and says what a name denotes."""

    node: cst.Module | Definition
    parent: CstScope | None
    facts: tree.AstScope = field(init=False)
    bound: dict[str, list[CstBinding]] = field(default_factory=dict)
    described: dict[cst.CSTNode, Values] = field(default_factory=dict)  # what repairs.meaning has worked out

    @property
    def kind(self) -> tree.ScopeKind:
        """Return whether this is a module, a class or a function."""
        return self.facts.kind

    @property
    def name(self) -> str:
        """Return the name of the class or function; that of a module is empty."""
        return self.facts.name

    @property
    def qualname(self) -> str:
        """Return the qualified name below the module; that of a module is empty."""
        return self.facts.qualname

    @property
    def params(self) -> dict[str, int]:
        """Return the place of each parameter by its name."""
        return self.facts.params

    @property
    def outer(self) -> set[str]:
        """Return the names that are declared global or nonlocal."""
        return self.facts.outer

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
    cst.FunctionDef, cst.ClassDef,
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
    facts: tree.AstScopeTree

    def release(self) -> None:
        """Let go of the nodes: scopes know each other, and no collector runs while files are read."""
        for scope in self.scopes:
            scope.parent = None
            scope.bound.clear()
            scope.described.clear()
        self.parents.clear()
        self.facts.release()


def read_tree(module: cst.Module, facts: tree.AstScopeTree) -> CstScopeTree:
    """Walk ``module`` once; ``facts`` is the tree of the same text. Raises ``ValueError`` if it has other scopes."""
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
            if isinstance(node, (cst.FunctionDef, cst.ClassDef)):
                inner, body = CstScope(node, scope), node.body
                scopes.append(inner)
        stack += [(child, inner if child is body else scope) for child in reversed(below)]
    for scope, same in zip(scopes, facts.scopes, strict=True):
        scope.facts = same
    return CstScopeTree(top, tuple(scopes), parents, facts)
