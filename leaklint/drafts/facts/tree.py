"""Scopes of a file, found by one iterative walk of its ast: who defines what, and which statements stand in which blocks."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

ScopeKind = Literal["module", "class", "function"]
FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef
Definition = FunctionNode | ast.ClassDef

# Fields that hold names, numbers, operators and contexts: nothing below them is code.
_LEAVES = frozenset(
    "id attr arg asname module level ctx op ops lineno type_comment kind simple is_async conversion type_ignores names "
    "n s type_params tag name rest cls kwd_attrs".split()
)
_fields: dict[type, tuple[str, ...]] = {}


def children(node: ast.AST) -> list[ast.AST]:
    """Return the nodes directly below ``node``, in the order of the ast's fields."""
    names = _fields.get(node.__class__)
    if names is None:
        names = _fields[node.__class__] = tuple(name for name in node._fields if name not in _LEAVES)
    found: list[ast.AST] = []
    for name in names:
        value = getattr(node, name)
        if value.__class__ is list:
            found += [one for one in value if one is not None]
        elif isinstance(value, ast.AST):
            found.append(value)
    return found


def walk(root: ast.AST) -> Iterator[ast.AST]:
    """Yield ``root`` and all code below it, parents first, without recursion."""
    stack = [root]
    while stack:
        node = stack.pop()
        yield node
        stack += reversed(children(node))


class Block(NamedTuple):
    """A block that a statement stands in; ``header`` is the test, iterable or context expression, if any."""

    kind: str
    header: ast.expr | None


class BlockedNode(NamedTuple):
    """A node of interest and the blocks around it inside its scope."""

    node: ast.AST
    blocks: tuple[Block, ...]


class AstBinding(NamedTuple):
    """One way in which a name gets its value. ``how``: value, element, enter, exception, def, class, part."""

    how: str
    node: ast.AST | None
    scope: AstScope | None = None


@dataclass(slots=True, eq=False)
class AstScope:
    """A module, class or function being read. ``bound`` says how its names get values."""

    kind: ScopeKind
    name: str
    qualname: str
    parent: AstScope | None
    node: ast.AST
    items: list[BlockedNode] = field(default_factory=list)
    bound: dict[str, list[AstBinding]] = field(default_factory=dict)
    params: dict[str, int] = field(default_factory=dict)
    outer: set[str] = field(default_factory=set)
    imports: dict[str, str] = field(default_factory=dict)
    returns: list[ast.expr] = field(default_factory=list)
    yields: bool = False
    denoted: dict[str, Any] = field(default_factory=dict)  # what facts.values has worked out for a local name
    seen: dict[str, Any] = field(default_factory=dict)  # and for any name, as it is seen from here

    @property
    def class_scope(self) -> AstScope | None:
        """Return the class whose body this function stands in directly."""
        return self.parent if self.parent is not None and self.parent.kind == "class" else None

    def enclosing(self) -> Iterator[AstScope]:
        """Yield the scopes in which a free name of this scope is looked up, innermost first; classes are skipped."""
        scope = self.parent
        while scope is not None:
            if scope.kind != "class":
                yield scope
            scope = scope.parent


# Nodes that become items of their scope.
_ITEMS: frozenset[type] = frozenset(
    [ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Delete, ast.Call, ast.Compare, ast.Subscript]
)
_Blocks = tuple[Block, ...]


class _ScopeReader:
    def __init__(self, module: ast.Module) -> None:
        self.scopes: list[AstScope] = []
        self.stack: list[tuple[ast.AST, AstScope, _Blocks]] = []
        self.module = self._scope("module", "", None, module)

    def _scope(self, kind: ScopeKind, name: str, parent: AstScope | None, node: ast.AST) -> AstScope:
        prefix = "" if parent is None or parent.kind == "module" else parent.qualname
        if parent is not None and parent.kind == "function":
            prefix += ".<locals>"
        qualname = f"{prefix}.{name}" if prefix else name
        scope = AstScope(kind, name, qualname, parent, node)
        self.scopes.append(scope)
        return scope

    def run(self) -> None:
        stack = self.stack
        stack += [(child, self.module, ()) for child in reversed(children(self.module.node))]
        while stack:
            node, scope, blocks = stack.pop()
            special = _SPECIAL.get(node.__class__)
            if special is None:
                self._simple(node, scope, blocks)
            else:
                special(self, node, scope, blocks)

    def _simple(self, top: ast.AST, scope: AstScope, blocks: _Blocks) -> None:
        """Read a statement or expression that opens no block; what may do so (``case``) waits for its turn."""
        inner: list[ast.AST] = [top]
        waiting: list[tuple[ast.AST, AstScope, _Blocks]] = []
        while inner:
            node = inner.pop()
            kind = node.__class__
            special, is_item, reader, names = _plans.get(kind) or _plan(kind)
            if special:
                waiting.append((node, scope, blocks))
                continue
            if is_item:
                scope.items.append(BlockedNode(node, blocks))
            if reader is not None:
                reader(node, scope)
            for name in names:
                value = getattr(node, name)
                if value.__class__ is list:
                    inner += [one for one in reversed(value) if one is not None]
                elif value is not None:
                    inner.append(value)
        self.stack += reversed(waiting)

    def _body(
        self, body: Sequence[ast.stmt], scope: AstScope, blocks: _Blocks
    ) -> Iterator[tuple[ast.AST, AstScope, _Blocks]]:
        """What follows ``if test: return`` runs only where the test failed: it stands past that test."""
        for child in body:
            yield (child, scope, blocks)
            if isinstance(child, ast.If) and not child.orelse and _leaves(child.body):
                blocks = (*blocks, Block("past", child.test))

    def _definition(self, node: Definition, scope: AstScope, blocks: _Blocks) -> None:
        kind: ScopeKind = "class" if isinstance(node, ast.ClassDef) else "function"
        inner = self._scope(kind, node.name, scope, node)
        scope.bound.setdefault(node.name, []).append(AstBinding("class" if kind == "class" else "def", node, inner))
        outside: list[ast.AST] = [*node.decorator_list]
        if isinstance(node, ast.ClassDef):
            outside += [*node.bases, *(keyword.value for keyword in node.keywords)]
        else:
            outside.append(node.args)
            for index, (param, _) in enumerate(parameters(node.args)):
                inner.params[param.arg] = index
        self._later([*((child, scope, blocks) for child in outside), *self._body(node.body, inner, ())])

    def _later(self, parts: Sequence[tuple[ast.AST, AstScope, _Blocks]]) -> None:
        self.stack.extend(reversed(parts))

    def _if(self, node: ast.If, scope: AstScope, blocks: _Blocks) -> None:
        parts: list[tuple[ast.AST, AstScope, _Blocks]] = [(node.test, scope, blocks)]
        parts += self._body(node.body, scope, (*blocks, Block("if", node.test)))
        parts += self._body(node.orelse, scope, (*blocks, Block("else", node.test)))
        self._later(parts)

    def _while(self, node: ast.While, scope: AstScope, blocks: _Blocks) -> None:
        parts: list[tuple[ast.AST, AstScope, _Blocks]] = [(node.test, scope, blocks)]
        parts += self._body(node.body, scope, (*blocks, Block("loop", node.test)))
        parts += self._body(node.orelse, scope, blocks)
        self._later(parts)

    def _for(self, node: ast.For | ast.AsyncFor, scope: AstScope, blocks: _Blocks) -> None:
        bind(scope, node.target, AstBinding("element", node.iter))
        parts: list[tuple[ast.AST, AstScope, _Blocks]] = [(node.target, scope, blocks), (node.iter, scope, blocks)]
        parts += self._body(node.body, scope, (*blocks, Block("loop", node.iter)))
        parts += self._body(node.orelse, scope, blocks)
        self._later(parts)

    def _with(self, node: ast.With | ast.AsyncWith, scope: AstScope, blocks: _Blocks) -> None:
        parts: list[tuple[ast.AST, AstScope, _Blocks]] = []
        inside = blocks
        for item in node.items:
            parts.append((item, scope, blocks))
            inside = (*inside, Block("with", item.context_expr))
        parts += self._body(node.body, scope, inside)
        self._later(parts)

    def _try(self, node: ast.Try, scope: AstScope, blocks: _Blocks) -> None:
        parts = [*self._body(node.body, scope, (*blocks, Block("try", None)))]
        for handler in node.handlers:
            if handler.name is not None:
                scope.bound.setdefault(handler.name, []).append(AstBinding("exception", None))
            if handler.type is not None:
                parts.append((handler.type, scope, blocks))
            parts += self._body(handler.body, scope, (*blocks, Block("except", handler.type)))
        parts += self._body(node.orelse, scope, blocks)
        parts += self._body(node.finalbody, scope, (*blocks, Block("finally", None)))
        self._later(parts)

    def _case(self, node: ast.match_case, scope: AstScope, blocks: _Blocks) -> None:
        head = [node.pattern] if node.guard is None else [node.pattern, node.guard]
        self._later([*((child, scope, blocks) for child in head), *self._body(node.body, scope, blocks)])


def _leaves(body: Sequence[ast.stmt]) -> bool:
    """Tell whether a block ends by leaving what is around it."""
    return bool(body) and isinstance(body[-1], (ast.Return, ast.Raise, ast.Continue, ast.Break))


def _read_assign(node: ast.Assign, scope: AstScope) -> None:
    for target in node.targets:
        bind(scope, target, AstBinding("value", node.value))


def _read_annotated(node: ast.AnnAssign, scope: AstScope) -> None:
    if node.value is not None:
        bind(scope, node.target, AstBinding("value", node.value))


def _read_walrus(node: ast.NamedExpr, scope: AstScope) -> None:
    bind(scope, node.target, AstBinding("value", node.value))


def _read_augmented(node: ast.AugAssign, scope: AstScope) -> None:
    bind(scope, node.target, AstBinding("part", node.value))


def _read_loop(node: ast.comprehension, scope: AstScope) -> None:
    bind(scope, node.target, AstBinding("element", node.iter))


def _read_with(node: ast.withitem, scope: AstScope) -> None:
    if node.optional_vars is not None:
        bind(scope, node.optional_vars, AstBinding("enter", node.context_expr))


def _read_outer(node: ast.Global | ast.Nonlocal, scope: AstScope) -> None:
    scope.outer.update(node.names)


def _read_return(node: ast.Return, scope: AstScope) -> None:
    if node.value is not None:
        scope.returns.append(node.value)


def _read_yield(node: ast.Yield | ast.YieldFrom, scope: AstScope) -> None:
    scope.yields = True


def parameters(args: ast.arguments) -> list[tuple[ast.arg, ast.expr | None]]:
    """Return all parameters with their defaults in the order of the source, ``*args`` and ``**kwargs`` included."""
    named = [*args.posonlyargs, *args.args]
    missing: list[ast.expr | None] = [None] * (len(named) - len(args.defaults))
    found = list(zip(named, [*missing, *args.defaults], strict=True))
    if args.vararg is not None:
        found.append((args.vararg, None))
    found += zip(args.kwonlyargs, args.kw_defaults, strict=True)
    if args.kwarg is not None:
        found.append((args.kwarg, None))
    return found


def bind(scope: AstScope, target: ast.expr, bound: AstBinding) -> None:
    """Note that ``target`` (a name, or a tuple or list of targets) takes its value as ``bound`` says."""
    stack: list[tuple[ast.expr, AstBinding]] = [(target, bound)]
    while stack:
        target, bound = stack.pop()
        if isinstance(target, ast.Name):
            scope.bound.setdefault(target.id, []).append(bound)
        elif isinstance(target, (ast.Tuple, ast.List)):
            values = bound.node.elts if bound.how == "value" and isinstance(bound.node, (ast.Tuple, ast.List)) else []
            for place, element in enumerate(target.elts):
                same = len(values) == len(target.elts)
                part = AstBinding("value", values[place]) if same else AstBinding("part", bound.node)
                stack.append((bare(element), part))


def bare(node: ast.expr) -> ast.expr:
    """Return an element without its star."""
    return node.value if isinstance(node, ast.Starred) else node


def _read_import(node: ast.Import, scope: AstScope) -> None:
    """Fill ``scope.imports`` (local name -> dotted name)."""
    for alias in node.names:
        first = alias.name.partition(".")[0]
        scope.imports[alias.asname or first] = alias.name if alias.asname else first


def _read_import_from(node: ast.ImportFrom, scope: AstScope) -> None:
    """Fill ``scope.imports``; leading dots are kept for relative names."""
    base = "." * node.level + (node.module or "")
    for alias in node.names:
        if alias.name == "*":
            scope.imports[f"*{base}"] = base
        else:
            dotted = f"{base}{alias.name}" if base.endswith(".") else f"{base}.{alias.name}"
            scope.imports[alias.asname or alias.name] = dotted


def dotted_name(node: ast.AST) -> str:
    """Return ``a.b.c`` for a chain of attributes on a name, or the empty string."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return ""
    return ".".join([node.id, *reversed(parts)])


# Each handler takes the node kind it is listed under.
_SPECIAL: dict[type, Callable[[_ScopeReader, Any, AstScope, _Blocks], None]] = {
    ast.FunctionDef: _ScopeReader._definition,
    ast.AsyncFunctionDef: _ScopeReader._definition,
    ast.ClassDef: _ScopeReader._definition,
    ast.If: _ScopeReader._if,
    ast.While: _ScopeReader._while,
    ast.For: _ScopeReader._for,
    ast.AsyncFor: _ScopeReader._for,
    ast.With: _ScopeReader._with,
    ast.AsyncWith: _ScopeReader._with,
    ast.Try: _ScopeReader._try,
    ast.TryStar: _ScopeReader._try,
    ast.match_case: _ScopeReader._case,
}
_READERS: dict[type, Callable[[Any, AstScope], None]] = {
    ast.Assign: _read_assign,
    ast.AnnAssign: _read_annotated,
    ast.NamedExpr: _read_walrus,
    ast.AugAssign: _read_augmented,
    ast.comprehension: _read_loop,
    ast.withitem: _read_with,
    ast.Global: _read_outer,
    ast.Nonlocal: _read_outer,
    ast.Import: _read_import,
    ast.ImportFrom: _read_import_from,
    ast.Return: _read_return,
    ast.Yield: _read_yield,
    ast.YieldFrom: _read_yield,
}


_Plan = tuple[bool, bool, Callable[[Any, AstScope], None] | None, tuple[str, ...]]
_CONSTANTS = frozenset({ast.Constant, ast.MatchSingleton})  # their value is no node
_plans: dict[type, _Plan] = {}


def _plan(kind: type) -> _Plan:
    """Return how a kind of node is read: whether it opens blocks, is an item, by what, and its fields, the last first."""
    names = () if kind in _CONSTANTS else tuple(name for name in reversed(kind._fields) if name not in _LEAVES)  # type: ignore[attr-defined]
    found = _plans[kind] = (kind in _SPECIAL, kind in _ITEMS, _READERS.get(kind), names)
    return found


@dataclass(frozen=True, slots=True)
class AstScopeTree:
    """Scopes in the order of the source, the module first."""

    module: AstScope
    scopes: tuple[AstScope, ...]

    def release(self) -> None:
        """Let go of the nodes: scopes know each other, and no collector runs while files are read."""
        for scope in self.scopes:
            scope.parent = None
            scope.bound.clear()
            scope.items.clear()
            scope.denoted.clear()
            scope.seen.clear()


def read_tree(module: ast.Module) -> AstScopeTree:
    """Walk ``module`` once. Source order holds among statements; inside an expression it is that of the ast's fields."""
    reader = _ScopeReader(module)
    reader.run()
    return AstScopeTree(reader.module, tuple(reader.scopes))
