"""What a scope does to containers: stores, removals, rebinds, bounds, and the calls it makes."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from typing import Any

from leaklint.contracts.library import storing
from leaklint.drafts.facts.model import UNKNOWN, Access, CallFact, EnclosingBlock, Span, Value
from leaklint.drafts.facts.places import Places
from leaklint.drafts.facts.tree import AstScope, Block, bare, dotted_name
from leaklint.drafts.facts.values import Values, arguments, describe, given, mangle, mentioned

# Method name -> places of (key, value) among the positional arguments; None: it has none.
STORES: dict[str, tuple[int | None, int | None]] = {
    "append": (None, 0), "appendleft": (None, 0), "add": (None, 0), "insert": (None, 1), "extend": (None, 0),
    "extendleft": (None, 0), "update": (None, 0), "setdefault": (0, 1), "__setitem__": (0, 1), "push": (None, 0),
    "union_update": (None, 0),
}  # fmt: skip
REMOVALS = frozenset(
    [
        "pop",
        "popitem",
        "popleft",
        "remove",
        "discard",
        "clear",
        "__delitem__",
        "difference_update",
        "intersection_update",
        "move_to_end",
    ]
)
_PUSHES = storing("heapq", "bisect")
_HEAPS = _PUSHES | {"heappop"}
_ROOTS = frozenset({"self", "cls", "global", "cell", "param", "super", "class"})


def read_events(scope: AstScope, places: Places, guards: Guards) -> tuple[tuple[Access, ...], tuple[CallFact, ...]]:
    """Return the events and calls of one scope in the order of its walk."""
    events: list[Access] = []
    calls: list[CallFact] = []
    kept = _kept_results(scope)
    for item in scope.items:
        node: Any = item.node
        found = _READERS[node.__class__](node, scope)
        span: Span | None = None
        around: tuple[EnclosingBlock, ...] = ()
        for op, how, target, key, value in found:
            roots = tuple(one for one in target if one.kind in _ROOTS)
            if roots:
                if span is None:
                    span, around = places.span(node), guards.around(item.blocks, scope)
                events.append(Access(op, how, roots, key, value, span, around))
        if node.__class__ is ast.Call:
            if span is None:
                span, around = places.span(node), guards.around(item.blocks, scope)
            callee = describe(node.func, scope)
            calls.append(CallFact(callee, arguments(node, scope), span, around, kept.get(node, ())))
    return tuple(events), tuple(calls)


class Guards:
    """Blocks of one file turned into guards, each once."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self._made: dict[tuple[Block, str], EnclosingBlock] = {}

    def around(self, blocks: tuple[Block, ...], scope: AstScope) -> tuple[EnclosingBlock, ...]:
        """Return the guards for the blocks around a statement of ``scope``."""
        return tuple(self._guard(block, scope) for block in blocks) if blocks else ()

    def _guard(self, block: Block, scope: AstScope) -> EnclosingBlock:
        key = (block, scope.qualname)
        if key not in self._made:
            mentions: Values = ()
            text = ""
            unset: Values = ()
            if block.header is not None and block.kind in {"if", "else", "loop", "with", "past"}:
                mentions = mentioned(block.header, scope)
                text = " ".join(self._places.code(block.header).split())[:80]
                if block.kind in {"if", "else", "past"}:
                    unset = _unset(block.header, scope, holds=block.kind == "if")
            self._made[key] = EnclosingBlock(block.kind, mentions, text, unset)
        return self._made[key]


def _unset(test: ast.expr, scope: AstScope, *, holds: bool) -> Values:
    """Return what is None, false or empty where ``test`` holds (or does not hold)."""
    if isinstance(test, ast.BoolOp):
        if isinstance(test.op, ast.And if holds else ast.Or):
            return tuple(value for side in test.values for value in _unset(side, scope, holds=holds))
        return ()
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return _unset(test.operand, scope, holds=not holds)
    if isinstance(test, ast.Compare) and len(test.ops) == 1:
        operator, other = test.ops[0], test.comparators[0]
        is_none = isinstance(other, ast.Constant) and other.value is None
        same = isinstance(operator, (ast.Is, ast.Eq))
        if is_none and (same or isinstance(operator, (ast.IsNot, ast.NotEq))) and same == holds:
            return _named(test.left, scope)
        return ()
    return () if holds else _named(test, scope)


def _named(node: ast.expr, scope: AstScope) -> Values:
    """Return what a name or attribute denotes; only names are set and unset."""
    if not isinstance(node, (ast.Name, ast.Attribute)):
        return ()
    return tuple(value for value in describe(node, scope) if value.path and value.kind in _ROOTS)


_Raw = tuple[str, str, Values, Values, Values]


def _of_assign(node: ast.Assign, scope: AstScope) -> Iterator[_Raw]:
    for target in node.targets:
        yield from _assigned(target, node.value, scope)


def _of_annotated(node: ast.AnnAssign, scope: AstScope) -> Iterator[_Raw]:
    if node.value is not None:
        yield from _assigned(node.target, node.value, scope)


def _of_subscript(node: ast.Subscript, scope: AstScope) -> Iterator[_Raw]:
    yield ("read", "[]", describe(node.value, scope), _key(node, scope), ())


def _key(node: ast.Subscript, scope: AstScope) -> Values:
    if isinstance(node.slice, ast.Tuple):
        parts = [describe(one, scope)[0] for one in node.slice.elts if not isinstance(one, ast.Slice)]
        return (Value("tuple", parts=tuple(parts)),)
    return (Value("slice"),) if isinstance(node.slice, ast.Slice) else describe(node.slice, scope)


def _assigned(target: ast.expr, value: ast.expr, scope: AstScope) -> Iterator[_Raw]:
    if isinstance(target, (ast.Tuple, ast.List)):
        values = [bare(one) for one in value.elts] if isinstance(value, (ast.Tuple, ast.List)) else []
        for place, element in enumerate(target.elts):
            same = len(values) == len(target.elts)
            yield from _assigned(bare(element), values[place] if same else value, scope)
    elif isinstance(target, ast.Subscript):
        key = _key(target, scope)
        what = describe(value, scope)
        if key[0].kind == "slice":
            kept = any(one.kind != "comprehension" and (one.kind not in {"list", "tuple"} or one.parts) for one in what)
            if not _is_end(target):
                yield ("remove", "[:]=", describe(target.value, scope), (), ())
            if kept:
                yield ("store", "[:]=", describe(target.value, scope), (), what)
        else:
            yield ("store", "[]=", describe(target.value, scope), key, what)
    elif isinstance(target, ast.Attribute):
        yield ("bind", "=", describe(target, scope), (), describe(value, scope))
    elif isinstance(target, ast.Name) and scope.kind == "function" and target.id in scope.outer:
        yield ("bind", "=", _outer_name(target.id, scope), (), describe(value, scope))


def _is_end(target: ast.Subscript) -> bool:
    """Tell whether the slice is the empty one behind the last element: ``reg[len(reg):] = ..`` appends."""
    inner = target.slice
    lower = inner.lower if isinstance(inner, ast.Slice) and inner.upper is None else None
    return isinstance(lower, ast.Call) and isinstance(lower.func, ast.Name) and lower.func.id == "len"


def _outer_name(name: str, scope: AstScope) -> Values:
    for outer in scope.enclosing():
        if outer.kind == "function" and name in outer.bound and name not in outer.outer:
            return (Value("cell", name=f"{outer.qualname}:{name}"),)
    return (Value("global", (mangle(name, scope),)),)


def _augmented(node: ast.AugAssign, scope: AstScope) -> Iterator[_Raw]:
    target = node.target
    value = describe(node.value, scope)
    if isinstance(target, ast.Subscript):
        # ``reg[k] += [x]`` stores in an element; ``counts[k] += 1`` stores a number under a key.
        yield ("store", "[]=", describe(target.value, scope), _key(target, scope), (Value("number"),))
        yield ("store", "+=", describe(target, scope), (), value)
        return
    outer = isinstance(target, ast.Name) and target.id in scope.outer
    where = _outer_name(target.id, scope) if outer and isinstance(target, ast.Name) else describe(target, scope)
    if isinstance(node.op, (ast.Add, ast.BitOr)):
        yield ("store", "+=", where, (), value)
    elif isinstance(node.op, (ast.Sub, ast.BitAnd)):
        yield ("remove", "-=", where, (), value)


def _deleted(node: ast.Delete, scope: AstScope) -> Iterator[_Raw]:
    stack = list(reversed(node.targets))
    while stack:
        target = stack.pop()
        if isinstance(target, (ast.Tuple, ast.List)):
            stack.extend(reversed(target.elts))
        elif isinstance(target, ast.Subscript):
            yield ("remove", "del", describe(target.value, scope), _key(target, scope), ())
        elif isinstance(target, ast.Attribute):
            yield ("bind", "del", describe(target, scope), (), ())


def _called(node: ast.Call, scope: AstScope) -> Iterator[_Raw]:
    function = node.func
    last = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    if last in _HEAPS and dotted_name(function):
        args = [value for _, value in given(node)]
        if last in _PUSHES and len(args) > 1:
            yield ("store", "append", describe(args[0], scope), (), describe(args[1], scope))
        elif last == "heappop" and args:
            yield ("remove", "pop", describe(args[0], scope), (), ())
    if not isinstance(function, ast.Attribute) or (last not in STORES and last not in REMOVALS):
        return
    target = describe(function.value, scope)
    positional = [describe(one, scope) for one in node.args if not isinstance(one, ast.Starred)]
    if last in REMOVALS and last != "move_to_end":
        yield ("remove", last, target, positional[0] if positional else (), ())
        return
    if last not in STORES:
        return
    key_place, value_place = STORES[last]
    key = positional[key_place] if key_place is not None and key_place < len(positional) else ()
    value = positional[value_place] if value_place is not None and value_place < len(positional) else ()
    if not value and last != "setdefault":
        value = tuple(v for _, one in given(node) for v in describe(one, scope)) or (UNKNOWN,)
    yield ("store", last, target, key, value or (UNKNOWN,))


_ORDERS = (ast.Gt, ast.GtE, ast.Lt, ast.LtE, ast.Eq, ast.NotEq)


def _compared(node: ast.Compare, scope: AstScope) -> Iterator[_Raw]:
    pairs = zip(node.ops, node.comparators, strict=True)
    sides = [node.left, *(other for operator, other in pairs if isinstance(operator, _ORDERS))]
    if len(sides) == 1:
        return
    for side in sides:
        if isinstance(side, ast.Call) and isinstance(side.func, ast.Name) and side.func.id == "len" and side.args:
            others = [describe(other, scope)[0] for other in sides if other is not side]
            yield ("len", "compare", describe(bare(side.args[0]), scope), (), tuple(others))


_READERS: dict[type, Callable[[Any, AstScope], Iterator[_Raw]]] = {
    ast.Assign: _of_assign,
    ast.AnnAssign: _of_annotated,
    ast.AugAssign: _augmented,
    ast.Delete: _deleted,
    ast.Call: _called,
    ast.Compare: _compared,
    ast.Subscript: _of_subscript,
}


def _kept_results(scope: AstScope) -> dict[ast.AST, Values]:
    """Return, for calls whose result is assigned as it is, where it is kept."""
    kept: dict[ast.AST, Values] = {}
    for item in scope.items:
        node = item.node
        if isinstance(node, (ast.Assign, ast.AnnAssign)) and isinstance(node.value, ast.Call):
            found: list[Value] = []
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                if isinstance(target, ast.Name):
                    found.append(Value("local", name=target.id))
                else:
                    found.extend(describe(target, scope))
            kept[node.value] = tuple(found)
    return kept
