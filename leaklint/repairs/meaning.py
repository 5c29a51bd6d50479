"""What an expression of a libcst module denotes: read as the facts read it."""

from __future__ import annotations

import ast

import libcst as cst

from leaklint.deep import deep_recursion
from leaklint.drafts.facts import values
from leaklint.drafts.facts.model import UNKNOWN
from leaklint.repairs.scopes import CstScope
from leaklint.source import SourceError, parse_ast

_NOWHERE = cst.Module(body=())  # knows how nodes are written


def describe(node: cst.CSTNode | None, scope: CstScope) -> values.Values:
    """Return what ``node``, evaluated in ``scope``, may denote, in at most a few ways; never empty."""
    if isinstance(node, cst.StarredElement):
        node = node.value
    if not isinstance(node, cst.BaseExpression):
        return (UNKNOWN,)
    known = scope.described.get(node)
    if known is None:
        with deep_recursion():
            known = scope.described[node] = values.describe(_expression(node), scope.facts)
    return known


def _expression(node: cst.BaseExpression) -> ast.expr | None:
    try:
        (statement,) = parse_ast(f"({_NOWHERE.code_for_node(node)})").body
    except SourceError:
        return None
    return statement.value if isinstance(statement, ast.Expr) else None
