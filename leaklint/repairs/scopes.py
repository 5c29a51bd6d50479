"""Scopes of a libcst module, found by one iterative walk: who defines what, and which statements stand in which blocks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields
from typing import Any, Literal, NamedTuple

import libcst as cst

ScopeKind = Literal["module", "class", "function"]
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


class Block(NamedTuple):
    """A block that a statement stands in; ``header`` is the test, iterable or context expression, if any."""

    kind: str
    header: cst.CSTNode | None


class Item(NamedTuple):
    """A node of interest, the blocks around it inside its scope, and its number in the order of the walk."""

    node: cst.CSTNode
    blocks: tuple[Block, ...]
    order: int


class Bound(NamedTuple):
    """One way in which a name gets its value. ``how``: value, element, enter, exception, def, class, import, part."""

    how: str
    node: cst.CSTNode | None
    scope: Scope | None = None


@dataclass(slots=True, eq=False)
class Scope:
    """A module, class or function being read. ``bound`` says how its names get values."""

    kind: ScopeKind
    name: str
    qualname: str
    parent: Scope | None
    node: cst.CSTNode
    items: list[Item] = field(default_factory=list)
    bound: dict[str, list[Bound]] = field(default_factory=dict)
    params: dict[str, int] = field(default_factory=dict)
    outer: set[str] = field(default_factory=set)
    imports: dict[str, str] = field(default_factory=dict)
    returns: list[cst.CSTNode] = field(default_factory=list)
    yields: bool = False
    denoted: dict[str, Any] = field(default_factory=dict)  # what facts.values has worked out for a local name

    @property
    def class_scope(self) -> Scope | None:
        """Return the class whose body this function stands in directly."""
        return self.parent if self.parent is not None and self.parent.kind == "class" else None

    def enclosing(self) -> Iterator[Scope]:
        """Yield the scopes in which a free name of this scope is looked up, innermost first; classes are skipped."""
        scope = self.parent
        while scope is not None:
            if scope.kind != "class":
                yield scope
            scope = scope.parent


# Nodes that become items of their scope.
_ITEMS: frozenset[type] = frozenset({
    cst.Assign, cst.AnnAssign, cst.AugAssign, cst.Del, cst.Call, cst.Comparison, cst.Subscript, cst.While, cst.For,
    cst.CompFor, cst.With, cst.NamedExpr,
})  # fmt: skip
_COMPOUND: frozenset[type] = frozenset({cst.If, cst.While, cst.For, cst.Try, cst.TryStar, cst.With})


class _Reader:
    def __init__(self, module: cst.Module) -> None:
        self.scopes: list[Scope] = []
        self.parents: dict[cst.CSTNode, cst.CSTNode] = {}
        self.stack: list[tuple[cst.CSTNode, Scope, tuple[Block, ...]]] = []
        self.count = 0
        self.module = self._scope("module", "", None, module)

    def _scope(self, kind: ScopeKind, name: str, parent: Scope | None, node: cst.CSTNode) -> Scope:
        prefix = "" if parent is None or parent.kind == "module" else parent.qualname
        if parent is not None and parent.kind == "function":
            prefix += ".<locals>"
        qualname = f"{prefix}.{name}" if prefix else name
        scope = Scope(kind, name, qualname, parent, node)
        self.scopes.append(scope)
        return scope

    def run(self) -> None:
        self._push(self.module.node, self.module, ())
        while self.stack:
            node, scope, blocks = self.stack.pop()
            self.count += 1
            kind = node.__class__
            if kind is cst.FunctionDef or kind is cst.ClassDef:
                self._definition(node, scope, blocks)  # type: ignore[arg-type]
            elif kind in _COMPOUND:
                self._compound(node, scope, blocks)
            elif kind is cst.IndentedBlock:
                self._block(node, scope, blocks)  # type: ignore[arg-type]
            else:
                self._simple(node, scope, blocks)
                self._push(node, scope, blocks)

    def _push(self, node: cst.CSTNode, scope: Scope, blocks: tuple[Block, ...]) -> None:
        below = children(node)
        if below:
            self.parents.update(dict.fromkeys(below, node))
            self.stack += [(child, scope, blocks) for child in reversed(below)]

    def _block(self, node: cst.IndentedBlock, scope: Scope, blocks: tuple[Block, ...]) -> None:
        """What follows ``if test: return`` runs only where the test failed: it stands past that test."""
        below: list[tuple[cst.CSTNode, Scope, tuple[Block, ...]]] = []
        for child in node.body:
            self.parents[child] = node
            below.append((child, scope, blocks))
            if isinstance(child, cst.If) and child.orelse is None and _leaves(child.body):
                blocks = (*blocks, Block("past", child.test))
        self.stack.extend(reversed(below))

    def _definition(self, node: Definition, scope: Scope, blocks: tuple[Block, ...]) -> None:
        kind: ScopeKind = "class" if isinstance(node, cst.ClassDef) else "function"
        inner = self._scope(kind, node.name.value, scope, node)
        scope.bound.setdefault(node.name.value, []).append(Bound("class" if kind == "class" else "def", node, inner))
        outside: list[cst.CSTNode] = [*node.decorators]
        if isinstance(node, cst.ClassDef):
            outside += [*node.bases, *node.keywords]
        else:
            outside += [node.params]
            for index, param in enumerate(parameters(node.params)):
                inner.params[param.name.value] = index
        for child in [*outside, node.body]:
            self.parents[child] = node
        self.stack.append((node.body, inner, ()))
        self.stack.extend((child, scope, blocks) for child in reversed(outside))

    def _compound(self, node: cst.CSTNode, scope: Scope, blocks: tuple[Block, ...]) -> None:
        self._simple(node, scope, blocks)
        parts: list[tuple[cst.CSTNode | None, tuple[Block, ...]]] = []
        if isinstance(node, cst.If):
            parts = [(node.test, blocks), (node.body, (*blocks, Block("if", node.test)))]
            parts.append((node.orelse, (*blocks, Block("else", node.test))))
        elif isinstance(node, cst.While):
            inside = (*blocks, Block("loop", node.test))
            parts = [(node.test, blocks), (node.body, inside), (node.orelse, blocks)]
        elif isinstance(node, cst.For):
            inside = (*blocks, Block("loop", node.iter))
            parts = [(node.target, blocks), (node.iter, blocks), (node.body, inside), (node.orelse, blocks)]
        elif isinstance(node, cst.With):
            inside = blocks
            for item in node.items:
                parts.append((item, blocks))
                inside = (*inside, Block("with", item.item))
            parts.append((node.body, inside))
        elif isinstance(node, (cst.Try, cst.TryStar)):
            parts = [(node.body, (*blocks, Block("try", None)))]
            for handler in node.handlers:
                if handler.name is not None and isinstance(handler.name.name, cst.Name):
                    scope.bound.setdefault(handler.name.name.value, []).append(Bound("exception", None))
                parts += [(handler.type, blocks), (handler.body, (*blocks, Block("except", handler.type)))]
                self.parents[handler] = node
            parts.append((node.orelse, blocks))
            parts.append((node.finalbody, (*blocks, Block("finally", None))))
        for child, _ in parts:
            if child is not None:
                self.parents[child] = node
        self.stack.extend((child, scope, inside) for child, inside in reversed(parts) if child is not None)

    def _simple(self, node: cst.CSTNode, scope: Scope, blocks: tuple[Block, ...]) -> None:
        kind = node.__class__
        if kind in _ITEMS:
            scope.items.append(Item(node, blocks, self.count))
        reader = _READERS.get(kind)
        if reader is not None:
            reader(node, scope)


def _leaves(body: cst.BaseSuite) -> bool:
    """Tell whether a block ends by leaving what is around it."""
    last = body.body[-1] if body.body else None
    if isinstance(last, cst.SimpleStatementLine):
        last = last.body[-1]
    return isinstance(last, (cst.Return, cst.Raise, cst.Continue, cst.Break))


def _read_assign(node: cst.Assign, scope: Scope) -> None:
    for target in node.targets:
        bind(scope, target.target, Bound("value", node.value))


def _read_annotated(node: cst.AnnAssign, scope: Scope) -> None:
    if node.value is not None:
        bind(scope, node.target, Bound("value", node.value))


def _read_walrus(node: cst.NamedExpr, scope: Scope) -> None:
    bind(scope, node.target, Bound("value", node.value))


def _read_augmented(node: cst.AugAssign, scope: Scope) -> None:
    bind(scope, node.target, Bound("part", node.value))


def _read_loop(node: cst.For | cst.CompFor, scope: Scope) -> None:
    bind(scope, node.target, Bound("element", node.iter))


def _read_with(node: cst.WithItem, scope: Scope) -> None:
    if node.asname is not None:
        bind(scope, node.asname.name, Bound("enter", node.item))


def _read_outer(node: cst.Global | cst.Nonlocal, scope: Scope) -> None:
    scope.outer.update(item.name.value for item in node.names)


def _read_return(node: cst.Return, scope: Scope) -> None:
    if node.value is not None:
        scope.returns.append(node.value)


def _read_yield(node: cst.Yield, scope: Scope) -> None:
    scope.yields = True


def parameters(params: cst.Parameters) -> list[cst.Param]:
    """Return all parameters in the order of the source, ``*args`` and ``**kwargs`` included."""
    star = [params.star_arg] if isinstance(params.star_arg, cst.Param) else []
    last = [params.star_kwarg] if params.star_kwarg is not None else []
    return [*params.posonly_params, *params.params, *star, *params.kwonly_params, *last]


def bind(scope: Scope, target: cst.BaseExpression, bound: Bound) -> None:
    """Note that ``target`` (a name, or a tuple or list of targets) takes its value as ``bound`` says."""
    stack: list[tuple[cst.BaseExpression, Bound]] = [(target, bound)]
    while stack:
        target, bound = stack.pop()
        if isinstance(target, cst.Name):
            scope.bound.setdefault(target.value, []).append(bound)
        elif isinstance(target, (cst.Tuple, cst.List)):
            values: list[cst.BaseExpression] = []
            if bound.how == "value" and isinstance(bound.node, (cst.Tuple, cst.List)):
                values = [item.value for item in bound.node.elements]
            for place, element in enumerate(target.elements):
                same = len(values) == len(target.elements)
                part = Bound("value", values[place]) if same else Bound("part", bound.node)
                stack.append((element.value, part))


def read_import(node: cst.Import | cst.ImportFrom, scope: Scope) -> None:
    """Fill ``scope.imports`` (local name -> dotted name, leading dots kept for relative ones)."""
    if isinstance(node, cst.Import):
        for alias in node.names:
            dotted = dotted_name(alias.name)
            local = alias.asname.name.value if alias.asname and isinstance(alias.asname.name, cst.Name) else ""
            scope.imports[local or dotted.split(".")[0]] = dotted if local else dotted.split(".")[0]
        return
    base = "." * len(node.relative) + (dotted_name(node.module) if node.module is not None else "")
    if isinstance(node.names, cst.ImportStar):
        scope.imports[f"*{base}"] = base
        return
    for alias in node.names:
        name = dotted_name(alias.name)
        local = alias.asname.name.value if alias.asname and isinstance(alias.asname.name, cst.Name) else name
        scope.imports[local] = f"{base}{name}" if base.endswith(".") else f"{base}.{name}"


def dotted_name(node: cst.CSTNode) -> str:
    """Return ``a.b.c`` for a chain of attributes on a name, or the empty string."""
    parts: list[str] = []
    while isinstance(node, cst.Attribute):
        parts.append(node.attr.value)
        node = node.value
    if not isinstance(node, cst.Name):
        return ""
    return ".".join([node.value, *reversed(parts)])


_READERS: dict[type, Callable[[Any, Scope], None]] = {
    cst.Assign: _read_assign,
    cst.AnnAssign: _read_annotated,
    cst.NamedExpr: _read_walrus,
    cst.AugAssign: _read_augmented,
    cst.For: _read_loop,
    cst.CompFor: _read_loop,
    cst.WithItem: _read_with,
    cst.Global: _read_outer,
    cst.Nonlocal: _read_outer,
    cst.Import: read_import,
    cst.ImportFrom: read_import,
    cst.Return: _read_return,
    cst.Yield: _read_yield,
}


@dataclass(frozen=True, slots=True)
class Tree:
    """Scopes in the order of the source (the module first) and the parent of every node of code."""

    module: Scope
    scopes: tuple[Scope, ...]
    parents: dict[cst.CSTNode, cst.CSTNode]


def read_tree(module: cst.Module) -> Tree:
    """Walk ``module`` once. Source order holds among statements; inside an expression it is that of libcst's fields."""
    reader = _Reader(module)
    reader.run()
    return Tree(reader.module, tuple(reader.scopes), reader.parents)
