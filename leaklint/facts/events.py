"""What a scope does to containers: stores, removals, rebinds, bounds, and the calls it makes."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from leaklint.facts.model import UNKNOWN, Call, Event, Guard, Span, Value
from leaklint.facts.tree import Block, Item, Scope, dotted_name
from leaklint.facts.values import Values, _parts, arguments, describe, mangle
from leaklint.source import Source

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
_PUSHES = frozenset({"heappush", "insort", "insort_left", "insort_right"})  # of heapq and bisect
_ROOTS = frozenset({"self", "cls", "global", "cell", "param", "super", "class"})


def read_events(scope: Scope, source: Source, guards: Guards) -> tuple[tuple[Event, ...], tuple[Call, ...]]:
    """Return the events and calls of one scope in the order of its walk."""
    events: list[Event] = []
    calls: list[Call] = []
    kept = _kept_results(scope)
    for item in scope.items:
        node = item.node
        span = Span(*source.span(node))
        around = guards.around(item.blocks, scope)
        for op, how, target, key, value in _of(node, scope):
            roots = tuple(one for one in target if one.kind in _ROOTS)
            if roots:
                events.append(Event(op, how, roots, key, value, span, around, item.order))
        if isinstance(node, cst.Call):
            callee = describe(node.func, scope)
            calls.append(Call(callee, arguments(node, scope), span, around, item.order, kept.get(node, ())))
    return tuple(events), tuple(calls)


class Guards:
    """Blocks turned into guards, each once."""

    def __init__(self) -> None:
        self._made: dict[tuple[Block, str], Guard] = {}

    def around(self, blocks: tuple[Block, ...], scope: Scope) -> tuple[Guard, ...]:
        """Return the guards for the blocks around a statement of ``scope``."""
        return tuple(self._guard(block, scope) for block in blocks)

    def _guard(self, block: Block, scope: Scope) -> Guard:
        key = (block, scope.qualname)
        if key not in self._made:
            mentions: Values = ()
            text = ""
            unset: Values = ()
            if block.header is not None and block.kind in {"if", "else", "loop", "with", "past"}:
                mentions = _parts(block.header, scope, 0)
                text = " ".join(cst.Module(body=[]).code_for_node(block.header).split())[:80]
                if block.kind in {"if", "else", "past"}:
                    unset = _unset(block.header, scope, holds=block.kind == "if")
            self._made[key] = Guard(block.kind, mentions, text, unset)
        return self._made[key]


def _unset(test: cst.CSTNode, scope: Scope, *, holds: bool) -> Values:
    """Return what is None, false or empty where ``test`` holds (or does not hold)."""
    if isinstance(test, cst.BooleanOperation):
        split = cst.And if holds else cst.Or
        if isinstance(test.operator, split):
            return (*_unset(test.left, scope, holds=holds), *_unset(test.right, scope, holds=holds))
        return ()
    if isinstance(test, cst.UnaryOperation) and isinstance(test.operator, cst.Not):
        return _unset(test.expression, scope, holds=not holds)
    if isinstance(test, cst.Comparison) and len(test.comparisons) == 1:
        operator, other = test.comparisons[0].operator, test.comparisons[0].comparator
        is_none = isinstance(other, cst.Name) and other.value == "None"
        same = isinstance(operator, (cst.Is, cst.Equal))
        if is_none and (same or isinstance(operator, (cst.IsNot, cst.NotEqual))) and same == holds:
            return _named(test.left, scope)
        return ()
    return () if holds else _named(test, scope)


def _named(node: cst.CSTNode, scope: Scope) -> Values:
    """Return what a name or attribute denotes; only names are set and unset."""
    if not isinstance(node, (cst.Name, cst.Attribute)):
        return ()
    return tuple(value for value in describe(node, scope) if value.path and value.kind in _ROOTS)


_Raw = tuple[str, str, Values, Values, Values]


def _of(node: cst.CSTNode, scope: Scope) -> Iterator[_Raw]:
    if isinstance(node, cst.Assign):
        for target in node.targets:
            yield from _assigned(target.target, node.value, scope)
    elif isinstance(node, cst.AnnAssign) and node.value is not None:
        yield from _assigned(node.target, node.value, scope)
    elif isinstance(node, cst.AugAssign):
        yield from _augmented(node, scope)
    elif isinstance(node, cst.Del):
        yield from _deleted(node.target, scope)
    elif isinstance(node, cst.Call):
        yield from _called(node, scope)
    elif isinstance(node, cst.Comparison):
        yield from _compared(node, scope)
    elif isinstance(node, cst.Subscript):
        yield ("read", "[]", describe(node.value, scope), _key(node, scope), ())


def _key(node: cst.Subscript, scope: Scope) -> Values:
    if len(node.slice) != 1:
        parts = [describe(e.slice.value, scope)[0] for e in node.slice if isinstance(e.slice, cst.Index)]
        return (Value("tuple", parts=tuple(parts)),)
    inner = node.slice[0].slice
    return describe(inner.value, scope) if isinstance(inner, cst.Index) else (Value("slice"),)


def _assigned(target: cst.BaseExpression, value: cst.BaseExpression, scope: Scope) -> Iterator[_Raw]:
    if isinstance(target, (cst.Tuple, cst.List)):
        values = [e.value for e in value.elements] if isinstance(value, (cst.Tuple, cst.List)) else []
        for place, element in enumerate(target.elements):
            same = len(values) == len(target.elements)
            yield from _assigned(element.value, values[place] if same else value, scope)
    elif isinstance(target, cst.Subscript):
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
    elif isinstance(target, cst.Attribute):
        yield ("bind", "=", describe(target, scope), (), describe(value, scope))
    elif isinstance(target, cst.Name) and scope.kind == "function" and target.value in scope.outer:
        yield ("bind", "=", _outer_name(target.value, scope), (), describe(value, scope))


def _is_end(target: cst.Subscript) -> bool:
    """Tell whether the slice is the empty one behind the last element: ``reg[len(reg):] = ..`` appends."""
    inner = target.slice[0].slice
    lower = inner.lower if isinstance(inner, cst.Slice) and inner.upper is None else None
    return isinstance(lower, cst.Call) and isinstance(lower.func, cst.Name) and lower.func.value == "len"


def _outer_name(name: str, scope: Scope) -> Values:
    for outer in scope.enclosing():
        if outer.kind == "function" and name in outer.bound and name not in outer.outer:
            return (Value("cell", name=f"{outer.qualname}:{name}"),)
    return (Value("global", (mangle(name, scope),)),)


def _augmented(node: cst.AugAssign, scope: Scope) -> Iterator[_Raw]:
    target = node.target
    if isinstance(target, cst.Name):
        where = _outer_name(target.value, scope) if target.value in scope.outer else describe(target, scope)
    elif isinstance(target, cst.Subscript):
        # ``reg[k] += [x]`` stores in an element; ``counts[k] += 1`` stores a number under a key.
        where = describe(target, scope)
        value = describe(node.value, scope)
        yield ("store", "[]=", describe(target.value, scope), _key(target, scope), (Value("number"),))
        yield ("store", "+=", where, (), value)
        return
    else:
        where = describe(target, scope)
    value = describe(node.value, scope)
    if isinstance(node.operator, (cst.AddAssign, cst.BitOrAssign)):
        yield ("store", "+=", where, (), value)
    elif isinstance(node.operator, (cst.SubtractAssign, cst.BitAndAssign)):
        yield ("remove", "-=", where, (), value)


def _deleted(target: cst.BaseExpression, scope: Scope) -> Iterator[_Raw]:
    if isinstance(target, (cst.Tuple, cst.List)):
        for element in target.elements:
            yield from _deleted(element.value, scope)
    elif isinstance(target, cst.Subscript):
        yield ("remove", "del", describe(target.value, scope), _key(target, scope), ())
    elif isinstance(target, cst.Attribute):
        yield ("bind", "del", describe(target, scope), (), ())


def _called(node: cst.Call, scope: Scope) -> Iterator[_Raw]:
    name = dotted_name(node.func).rpartition(".")[2]
    if name in _PUSHES and len(node.args) > 1:
        yield ("store", "append", describe(node.args[0].value, scope), (), describe(node.args[1].value, scope))
    elif name == "heappop" and node.args:
        yield ("remove", "pop", describe(node.args[0].value, scope), (), ())
    if not isinstance(node.func, cst.Attribute):
        return
    name = node.func.attr.value
    if name not in STORES and name not in REMOVALS:
        return
    target = describe(node.func.value, scope)
    given = [describe(a.value, scope) for a in node.args if a.keyword is None and not a.star]
    if name in REMOVALS and name != "move_to_end":
        yield ("remove", name, target, given[0] if given else (), ())
        return
    if name not in STORES:
        return
    key_place, value_place = STORES[name]
    key = given[key_place] if key_place is not None and key_place < len(given) else ()
    value = given[value_place] if value_place is not None and value_place < len(given) else ()
    if not value and name != "setdefault":
        value = tuple(v for a in node.args for v in describe(a.value, scope)) or (UNKNOWN,)
    yield ("store", name, target, key, value or (UNKNOWN,))


def _compared(node: cst.Comparison, scope: Scope) -> Iterator[_Raw]:
    orders = (cst.GreaterThan, cst.GreaterThanEqual, cst.LessThan, cst.LessThanEqual, cst.Equal, cst.NotEqual)
    sides = [node.left, *(part.comparator for part in node.comparisons if isinstance(part.operator, orders))]
    if len(sides) == 1:
        return
    for side in sides:
        if isinstance(side, cst.Call) and isinstance(side.func, cst.Name) and side.func.value == "len" and side.args:
            others = [describe(other, scope)[0] for other in sides if other is not side]
            yield ("len", "compare", describe(side.args[0].value, scope), (), tuple(others))


def _kept_results(scope: Scope) -> dict[cst.CSTNode, Values]:
    """Return, for calls whose result is assigned as it is, where it is kept."""
    kept: dict[cst.CSTNode, Values] = {}
    for item in scope.items:
        if isinstance(item.node, (cst.Assign, cst.AnnAssign)) and isinstance(item.node.value, cst.Call):
            targets = [t.target for t in item.node.targets] if isinstance(item.node, cst.Assign) else [item.node.target]
            found: list[Value] = []
            for target in targets:
                if isinstance(target, cst.Name):
                    found.append(Value("local", name=target.value))
                else:
                    found.extend(describe(target, scope))
            kept[item.node.value] = tuple(found)
    return kept


def loop_kind(scope: Scope) -> str:
    """Return ``forever`` or ``flag`` for a function whose outermost loop has no natural end, else the empty string."""
    for item in scope.items:
        if isinstance(item.node, cst.While) and not any(block.kind == "loop" for block in item.blocks):
            test = item.node.test
            if (isinstance(test, cst.Name) and test.value == "True") or (
                isinstance(test, cst.Integer) and test.value == "1"
            ):
                return "forever" if not _leaves(item.node) else "flag:"
            if isinstance(test, (cst.UnaryOperation, cst.Attribute, cst.Call)):
                return f"flag:{_flag(test)}"
    return ""


def _flag(test: cst.CSTNode) -> str:
    """Return ``stop`` for ``not self.stop``, ``self.stop`` and ``not self.stop.is_set()``."""
    if isinstance(test, cst.UnaryOperation):
        test = test.expression
    if isinstance(test, cst.Call):
        test = test.func.value if isinstance(test.func, cst.Attribute) else test
    is_own = isinstance(test, cst.Attribute) and isinstance(test.value, cst.Name) and test.value.value == "self"
    return test.attr.value if is_own and isinstance(test, cst.Attribute) else ""


def _leaves(loop: cst.While) -> bool:
    stack: list[cst.CSTNode] = [loop.body]
    while stack:
        node = stack.pop()
        if isinstance(node, (cst.Break, cst.Return)):
            return True
        if not isinstance(node, (cst.FunctionDef, cst.ClassDef, cst.For)):
            stack.extend(node.children)
    return False


def item_of(node: cst.CSTNode, scope: Scope) -> Item | None:
    """Return the item of ``scope`` that holds ``node`` itself."""
    return next((item for item in scope.items if item.node is node), None)
