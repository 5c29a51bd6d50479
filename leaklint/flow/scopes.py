"""Which names are local to a function: read off its syntax before its statements are."""

from __future__ import annotations

import ast
from collections.abc import Iterator

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
_WORDS = (ast.expr_context, ast.operator, ast.unaryop, ast.cmpop, ast.boolop)
_NAMELESS = (ast.Attribute, ast.Call, ast.Constant, ast.BinOp, ast.Compare, ast.Subscript, ast.Expr, ast.Return)


class Names:
    """The names that a function binds, and those that it declares to be another's."""

    def __init__(self, body: list[ast.stmt] | list[ast.expr]) -> None:
        self.bound: set[str] = set()
        self.outer: set[str] = set()
        self.globals: set[str] = set()
        for node in inside(body):
            if isinstance(node, _NAMELESS):
                continue
            if isinstance(node, ast.Name) and isinstance(node.ctx, (ast.Store, ast.Del)):
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
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            stack += [*node.decorator_list, *node.args.defaults, *(d for d in node.args.kw_defaults if d is not None)]
        elif isinstance(node, ast.ClassDef):
            stack += [*node.decorator_list, *node.bases]
        elif isinstance(node, ast.Lambda):
            stack += [*node.args.defaults, *(d for d in node.args.kw_defaults if d is not None)]
        else:
            stack.extend(_below(node))


def _below(node: ast.AST) -> list[ast.AST]:
    """Return the nodes directly below one, without operators and contexts."""
    found: list[ast.AST] = []
    for name in node._fields:
        value = getattr(node, name, None)
        if value.__class__ is list:
            found += [one for one in value if isinstance(one, ast.AST) and not isinstance(one, _WORDS)]
        elif isinstance(value, ast.AST) and not isinstance(value, _WORDS):
            found.append(value)
    return found
