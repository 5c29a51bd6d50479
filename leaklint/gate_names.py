"""The names that an expression is made of, and whether it may make a container, as the gate compares them."""

from __future__ import annotations

import ast

TYPE_CHECKING = False  # typing's own would load typing
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

_MAKERS = frozenset(["dict", "list", "set", "defaultdict", "deque", "field", "attrib", "ib", "Factory"])
_TYPES = frozenset(["TypeVar", "ParamSpec", "TypeVarTuple", "NewType", "NamedTuple", "TypedDict"])
LITERALS = (ast.Dict, ast.List, ast.Set, ast.DictComp, ast.ListComp, ast.SetComp)
_WRAPPERS = frozenset({ast.Subscript, ast.Await, ast.Starred, ast.NamedExpr})
_SEQUENCES = frozenset({ast.Tuple, ast.List})
# Calls whose result is what they are asked of or given, or an element of it; what others return is not followed.
_ELEMENTS = frozenset("get setdefault pop popleft __getitem__ popitem values items keys elements copy".split())
_SAME = frozenset("list tuple set sorted reversed iter frozenset cast deepcopy type getattr super".split())


def may_hold(node: ast.expr) -> bool:
    """Tell whether an expression may make a container: a display, a known maker, a class by the look of its name."""
    if isinstance(node, ast.BoolOp):
        return may_hold(node.values[-1])
    if isinstance(node, ast.IfExp):
        return may_hold(node.body) or may_hold(node.orelse)
    if isinstance(node, ast.Call):
        name = root(node.func)
        return name in _MAKERS or (name.lstrip("_")[:1].isupper() and name not in _TYPES)
    return isinstance(node, LITERALS)


def roots(node: ast.expr, *, called: bool = True) -> list[str]:
    """Return every name along a chain of attributes, subscripts and calls: ``C.reg[k].get(x)`` gives get, reg, C.

    Without ``called`` a call is followed only where its result is, or is part of, what it is made from.
    """
    found: list[str] = []
    stack: list[Any] = [node]
    while stack:
        here = stack.pop()
        kind = here.__class__
        if kind is ast.Name:
            found.append(here.id)
        elif kind is ast.Attribute:
            found.append(here.attr)
            if here.attr.startswith("__"):
                found.append(here.attr.lstrip("_"))
            stack.append(here.value)
        elif kind in _WRAPPERS:
            stack.append(here.value)
        elif kind is ast.Call:
            if called or _gives_back(here.func):
                stack.append(here.func)
                stack.extend(here.args[:2])
        elif kind is ast.Constant:
            if isinstance(here.value, str):
                found.append(here.value)  # getattr(holder, "registry")
        elif kind is ast.BoolOp:
            stack.extend(here.values)
        elif kind is ast.IfExp:
            stack.extend((here.body, here.orelse))
        elif kind in _SEQUENCES:
            stack.extend(here.elts)
    return found


def root(node: ast.expr) -> str:
    """Return the first of the names along a chain, or the empty string."""
    return next(iter(roots(node)), "")


def _gives_back(function: ast.expr) -> bool:
    if isinstance(function, ast.Attribute):
        return function.attr in _ELEMENTS
    return isinstance(function, ast.Name) and function.id in _SAME


def target_names(target: ast.expr) -> Iterator[str]:
    stack = [target]
    while stack:
        here = stack.pop()
        if isinstance(here, ast.Name):
            yield here.id
        elif isinstance(here, ast.Attribute):
            yield here.attr
        elif isinstance(here, (ast.Tuple, ast.List)):
            stack.extend(here.elts)
        elif isinstance(here, ast.Starred):
            stack.append(here.value)
