"""One cheap walk over the ast: can this file hold or feed a leak, and through which names?

The gate may only over-approximate. A container leaks only if a function fills it that does not own it, so a file needs a
name that holds a container and is filled in a function (here or in a file that imports it), or a word that speaks of a
memoiser, a registry of the standard library, or a weak container.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

_FILLERS = frozenset(
    [
        "append",
        "appendleft",
        "add",
        "insert",
        "extend",
        "extendleft",
        "update",
        "setdefault",
        "__setitem__",
        "push",
        "union_update",
    ]
)
_DROPPERS = frozenset(["pop", "popitem", "popleft", "remove", "discard", "clear", "__delitem__"])
_PUSHES = frozenset(["heappush", "insort", "insort_left", "insort_right"])
_WORDS = frozenset(
    [
        "lru_cache",
        "alru_cache",
        "ttl_cache",
        "cachetools",
        "memoize",
        "memoized",
        "memoise",
        "atexit",
        "finalize",
        "register_at_fork",
        "addHandler",
        "Timer",
        "WeakKeyDictionary",
        "WeakSet",
        "linecache",
    ]
)
_DECORATORS = frozenset({"cache", "cached", "memo", "lfu_cache", "rr_cache", "fifo_cache"})
_MAKERS = frozenset(["dict", "list", "set", "defaultdict", "deque", "field", "attrib", "ib", "Factory"])
_LITERALS = (ast.Dict, ast.List, ast.Set, ast.DictComp, ast.ListComp, ast.SetComp)
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


@dataclass(frozen=True, slots=True)
class Gate:
    """What one file can do: names that may hold a container, names filled inside functions, names called with ``self``.

    ``speaks``: a word of ``_WORDS`` occurs. ``imports`` are the components of imported dotted names. ``own`` are names
    assigned through ``self``: they hold for good where the object does, so only if one of ``classes`` is instantiated at
    module or class level (``made``, perhaps by another file). ``drops`` are names of which something is removed;
    ``offers`` the functions that fill or drop; ``mentions`` every name read, what another file offers among them.
    """

    speaks: bool
    holds: frozenset[str]
    own: frozenset[str]
    classes: frozenset[str]
    made: frozenset[str]
    bases: frozenset[str]
    fills: frozenset[str]
    drops: frozenset[str]
    offers: frozenset[str]
    mentions: frozenset[str]
    imports: frozenset[str]

    @property
    def offering(self) -> frozenset[str]:
        """Return the names through which another file reaches what this one offers: its classes and objects."""
        return self.holds | self.classes

    @property
    def admits(self) -> bool:
        """Tell whether the file can hold a leak by itself."""
        return self.speaks or bool(self.holds & self.fills) or bool(self.classes & self.made and self.own & self.fills)


def admits(tree: ast.AST) -> bool:
    """Tell whether the file of this tree is worth reading in full."""
    return scan(tree).admits


def scan(tree: ast.AST) -> Gate:
    """Walk ``tree`` once, without recursion. No result depends on the order, so a function's body waits for its turn."""
    scanner = _Scanner()
    mention, busy = scanner.mentions.add, _FILLERS | _DROPPERS
    bodies: list[tuple[Any, int]] = [(tree, -1)]
    while bodies:
        top, depth = bodies.pop()
        stack = [getattr(top, name) for name in _plan(top.__class__)[1]] if depth >= 0 else [top]
        depth += depth < 0
        while stack:
            node = stack.pop()
            kind = node.__class__
            if kind is list:
                stack += node
            elif kind is ast.Name:
                mention(node.id)
            elif kind is ast.Attribute:
                mention(node.attr)
                if depth and node.attr in busy:
                    scanner.method(node, depth)
                stack.append(node.value)
            else:
                handler, names = _PLANS.get(kind) or _plan(kind)
                if handler is not None:
                    handler(scanner, node, depth)
                if kind in _FUNCTIONS:
                    bodies.append((node, depth + 1))
                else:
                    for name in names:
                        stack.append(getattr(node, name))
    return scanner.result()


def _plan(kind: type) -> _Plan:
    """Return what handles a kind of node and which of its fields lead on; texts and numbers have neither."""
    known = _PLANS.get(kind)
    if known is None:
        names = tuple(name for name in getattr(kind, "_fields", ()) if name not in _LEAVES)
        known = _PLANS[kind] = (_HANDLERS.get(kind), () if kind in _CLOSED else names)
    return known


class _Scanner:
    def __init__(self) -> None:
        self.speaks = False
        self.holds: set[str] = set()
        self.own: set[str] = set()
        self.classes: set[str] = set()
        self.made: set[str] = set()
        self.bases: set[str] = set()
        self.outer: set[str] = set()
        self.growing: set[str] = set()
        self.reads: set[str] = set()
        self.local: dict[str, int] = {}
        self.fills: dict[str, int] = {}
        self.aliases: dict[str, set[str]] = {}
        self.drops: set[str] = set()
        self.mentions: set[str] = set()
        self.functions: list[tuple[str, int, int]] = []
        self.busy: list[tuple[int, tuple[str, ...]]] = []  # lines on which a function fills or drops, and what
        self.imports: set[str] = set()

    def result(self) -> Gate:
        fills = self._meant(set(self.fills) | (self.reads & self.growing))
        # A function's own local counts only where a deeper function fills it.
        cells = {n for n, depth in self.local.items() if self.fills.get(n, 0) > depth or n in self.outer}
        holds = frozenset(self.holds | cells)
        known = holds | self.own
        lines = [line for line, names in self.busy if not known.isdisjoint(self._meant(names))]
        offers = {name for name, first, last in self.functions if any(first <= line <= last for line in lines)}
        offers = {name for name in offers if not name.startswith("__")}
        sets = (self.own, self.classes, self.made, self.bases, fills, self.drops, offers, self.mentions, self.imports)
        speaks = self.speaks or not self.mentions.isdisjoint(_WORDS)
        return Gate(speaks, holds, *(frozenset(names) for names in sets))

    def _meant(self, names: Iterable[str]) -> set[str]:
        """Return ``names`` and all that they may be other names of."""
        found = set(names)
        waiting = list(found)
        while waiting:
            for name in self.aliases.get(waiting.pop(), ()):
                if name not in found:
                    found.add(name)
                    waiting.append(name)
        return found

    def method(self, node: ast.Attribute, depth: int) -> None:
        if node.attr in _FILLERS:
            self._fill(node.value, depth)
        else:
            self._drop(node.value, node.lineno)

    def subscript(self, node: ast.Subscript, depth: int) -> None:
        if depth and isinstance(node.ctx, ast.Load):
            self.reads.update(_roots(node.value))  # a defaultdict grows when it is read
        elif depth and isinstance(node.ctx, ast.Del):
            self._drop(node.value, node.lineno)
        elif depth:
            self._fill(node.value, depth)

    def augmented(self, node: ast.AugAssign, depth: int) -> None:
        if depth:
            self._fill(node.target, depth)

    def assign(self, node: ast.Assign | ast.AnnAssign | ast.NamedExpr, depth: int) -> None:
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        value = node.value
        if value is None:
            return
        if _may_hold(value):
            for target in targets:
                for name in _target_names(target):
                    self._hold(name, target, depth)
                    if isinstance(value, ast.Call):
                        self.growing.add(name)
        if depth:
            sources = set(_roots(value))
            for target in targets:
                if isinstance(target, ast.Name):
                    self.aliases.setdefault(target.id, set()).update(sources)
        elif isinstance(value, (ast.Name, ast.Attribute)):
            if isinstance(value, ast.Attribute) and value.attr in _FILLERS:
                self._fill(value.value, 1)  # ``add = REGISTRY.append``, called wherever
            self.speaks = self.speaks or next(_roots(value), "") in _DECORATORS
            for target in targets:
                for name in _target_names(target):
                    self.holds.add(name)
                    self.aliases.setdefault(name, set()).update(_roots(value))

    def _hold(self, name: str, target: ast.expr, depth: int) -> None:
        if depth and isinstance(target, ast.Name):
            self.local[name] = min(depth, self.local.get(name, depth))
        elif isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name) and target.value.id == "self":
            self.own.add(name)
        else:
            self.holds.add(name)

    def defined(self, node: ast.ClassDef, depth: int) -> None:
        self.classes.add(node.name)
        methods = {item.name for item in node.body if isinstance(item, ast.FunctionDef)}
        bases = {name for base in node.bases for name in _roots(base)}
        bases.update(name for keyword in node.keywords for name in _roots(keyword.value))
        self.bases.update(bases)
        if methods & {"__get__", "__set__"} or any(name == "type" or name.endswith(("Meta", "Type")) for name in bases):
            self.made.add(node.name)  # its instances sit on classes, or are classes

    def loop(self, node: ast.For | ast.AsyncFor | ast.comprehension, depth: int) -> None:
        for name in _target_names(node.target):
            self.aliases.setdefault(name, set()).update(_roots(node.iter))

    def declared(self, node: ast.Global | ast.Nonlocal, depth: int) -> None:
        self.outer.update(node.names)
        self.busy.append((node.lineno, tuple(node.names)))

    def parameters(self, node: ast.arguments, depth: int) -> None:
        if not node.defaults and not node.kw_defaults:
            return
        named = [*node.posonlyargs, *node.args]
        pairs = [
            *zip(reversed(named), reversed(node.defaults), strict=False),
            *zip(node.kwonlyargs, node.kw_defaults, strict=True),
        ]
        self.holds.update(argument.arg for argument, default in pairs if isinstance(default, (*_LITERALS, ast.Call)))

    def function(self, node: ast.FunctionDef | ast.AsyncFunctionDef, depth: int) -> None:
        self.functions.append((node.name, node.lineno, node.end_lineno or node.lineno))
        for decorator in node.decorator_list:
            self.speaks = self.speaks or next(_roots(decorator), "") in _DECORATORS
            self.made.update(_roots(decorator))

    def called(self, node: ast.Call, depth: int) -> None:
        func = node.func
        named = func.id if isinstance(func, ast.Name) else next(_roots(func), "")
        if named == "getLogger":
            given = node.args[0] if node.args else None
            self.speaks = self.speaks or not isinstance(given, (ast.Constant, ast.Name, type(None)))
        elif named == "Thread":
            self.speaks = self.speaks or any(isinstance(k.value, ast.Attribute) for k in node.keywords)
        elif named == "signal":
            self.speaks = self.speaks or any(
                isinstance(a, (ast.Attribute, ast.Lambda, ast.Name)) for a in node.args[1:]
            )
        elif named in _PUSHES and depth and node.args:
            self._fill(node.args[0], depth)
        if not depth:
            self.made.update(_roots(node.func))

    def imported(self, node: ast.Import | ast.ImportFrom, depth: int) -> None:
        for alias in node.names:
            self.imports.update(alias.name.split("."))
            last = alias.name.rpartition(".")[2]
            self.speaks = self.speaks or last in _WORDS or (alias.asname is not None and last in _DECORATORS)
        if isinstance(node, ast.ImportFrom) and node.module:
            self.imports.update(node.module.split("."))
            self.speaks = self.speaks or not _WORDS.isdisjoint(node.module.split("."))

    def _drop(self, node: ast.expr, line: int) -> None:
        names = tuple(_roots(node))
        self.busy.append((line, names))
        self.drops.update(names)

    def _fill(self, node: ast.expr, depth: int) -> None:
        names = tuple(_roots(node))
        self.busy.append((node.lineno, names))
        for name in names:
            self.fills[name] = max(depth, self.fills.get(name, 0))


def _may_hold(node: ast.expr) -> bool:
    """Tell whether an expression may make a container: a display, a known maker, a class by the look of its name."""
    if isinstance(node, ast.BoolOp):
        return _may_hold(node.values[-1])
    if isinstance(node, ast.IfExp):
        return _may_hold(node.body) or _may_hold(node.orelse)
    if isinstance(node, ast.Call):
        name = next(_roots(node.func), "")
        return name in _MAKERS or name.lstrip("_")[:1].isupper()
    return isinstance(node, _LITERALS)


def _roots(node: ast.expr) -> Iterator[str]:
    """Yield every name along a chain of attributes, subscripts and calls: ``C.reg[k].get(x)`` gives get, reg, C."""
    stack = [node]
    while stack:
        here = stack.pop()
        if isinstance(here, ast.Name):
            yield here.id
        elif isinstance(here, ast.Constant) and isinstance(here.value, str):
            yield here.value  # getattr(holder, "registry")
        elif isinstance(here, ast.Attribute):
            yield here.attr
            if here.attr.startswith("__"):
                yield here.attr.lstrip("_")
            stack.append(here.value)
        elif isinstance(here, (ast.Subscript, ast.Await, ast.Starred, ast.NamedExpr)):
            stack.append(here.value)
        elif isinstance(here, ast.Call):
            stack.append(here.func)
            stack.extend(here.args[:2])
        elif isinstance(here, ast.BoolOp):
            stack.extend(here.values)
        elif isinstance(here, ast.IfExp):
            stack.extend((here.body, here.orelse))
        elif isinstance(here, (ast.Tuple, ast.List)):
            stack.extend(here.elts)


def _target_names(target: ast.expr) -> Iterator[str]:
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


_Handler = Callable[[_Scanner, Any, int], None]
_Plan = tuple[_Handler | None, tuple[str, ...]]
# Fields that hold names, numbers, operators and contexts: nothing below them speaks of containers.
_LEAVES = frozenset(
    "id attr arg asname module level ctx op ops lineno type_comment kind simple is_async conversion type_ignores".split()
)
_CLOSED = frozenset({ast.Constant, ast.Global, ast.Nonlocal, ast.Import, ast.ImportFrom, ast.Pass})  # handled whole
_PLANS: dict[type, _Plan] = {}
# Each handler takes the node kind it is listed under.
_HANDLERS: dict[type[ast.AST], _Handler] = {
    ast.Subscript: _Scanner.subscript,
    ast.AugAssign: _Scanner.augmented,
    ast.Assign: _Scanner.assign,
    ast.AnnAssign: _Scanner.assign,
    ast.NamedExpr: _Scanner.assign,
    ast.FunctionDef: _Scanner.function,
    ast.AsyncFunctionDef: _Scanner.function,
    ast.ClassDef: _Scanner.defined,
    ast.For: _Scanner.loop,
    ast.AsyncFor: _Scanner.loop,
    ast.comprehension: _Scanner.loop,
    ast.Global: _Scanner.declared,
    ast.Nonlocal: _Scanner.declared,
    ast.arguments: _Scanner.parameters,
    ast.Call: _Scanner.called,
    ast.Import: _Scanner.imported,
    ast.ImportFrom: _Scanner.imported,
}
