"""Which names are local to a function: read off its syntax before its statements are."""

from __future__ import annotations

import ast
from collections.abc import Iterator

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
_WITHOUT_NODES = frozenset(
    "ctx op ops id attr arg name asname module level rest kind conversion simple is_async type_comment".split()
)
_CHILDREN = {  # the names of the fields that hold nodes, operators and contexts aside, by the kind of a node
    kind: tuple(name for name in kind._fields if name not in _WITHOUT_NODES)
    for kind in vars(ast).values()
    if isinstance(kind, type) and issubclass(kind, ast.AST)
}
_LEAVES = frozenset({ast.Name, ast.Constant})
_FUNCTIONS = frozenset({ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda})
_NAMELESS = frozenset(
    {ast.Attribute, ast.Call, ast.Constant, ast.BinOp, ast.Compare, ast.Subscript, ast.Expr, ast.Return, ast.keyword}
)


class BoundNames:
    """The names that a function binds, and those that it declares to be another's."""

    def __init__(self, body: list[ast.stmt] | list[ast.expr]) -> None:
        self.bound: set[str] = set()
        self.outer: set[str] = set()
        self.globals: set[str] = set()
        for node in inside(body):
            if node.__class__ in _NAMELESS:
                continue
            if isinstance(node, ast.Name):
                if not isinstance(node.ctx, ast.Load):
                    self.bound.add(node.id)
            elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                self.bound.add(node.name)
            elif isinstance(node, ast.ExceptHandler):
                self.bound.update([node.name] if node.name else [])
            elif isinstance(node, (ast.Import, ast.ImportFrom)):
                self.bound.update((alias.asname or alias.name.partition(".")[0]) for alias in node.names)
            elif isinstance(node, ast.Global):
                self.globals.update(node.names)
            elif isinstance(node, ast.Nonlocal):
                self.outer.update(node.names)
            elif isinstance(node, (ast.MatchAs, ast.MatchStar)) and node.name:
                self.bound.add(node.name)
            elif isinstance(node, ast.MatchMapping) and node.rest:
                self.bound.add(node.rest)
        self.bound -= self.globals | self.outer


def inside(body: list[ast.stmt] | list[ast.expr]) -> Iterator[ast.AST]:
    """Yield all nodes below ``body`` that belong to the same scope; nested definitions are yielded, not entered."""
    stack: list[ast.AST] = list(body)
    while stack:
        node = stack.pop()
        yield node
        kind = node.__class__
        if kind in _LEAVES:
            continue
        if kind in _FUNCTIONS:
            assert isinstance(node, Definition)
            stack += [] if isinstance(node, ast.Lambda) else node.decorator_list
            stack += [*node.args.defaults, *(d for d in node.args.kw_defaults if d is not None)]
        elif isinstance(node, ast.ClassDef):
            stack += [*node.decorator_list, *node.bases]
        else:
            for name in _CHILDREN[kind]:
                value = getattr(node, name, None)
                if value.__class__ is list:
                    stack += [one for one in value if isinstance(one, ast.AST)]
                elif isinstance(value, ast.AST):  # ``case True`` has a plain value
                    stack.append(value)
