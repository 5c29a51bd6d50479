"""What the gate notes while it walks: containers and what is done to them, told by names alone."""

from __future__ import annotations

import ast
from bisect import bisect_left, bisect_right

from leaklint.gate_names import LITERALS, may_hold, root, roots, target_names
from leaklint.records import dataclass

TYPE_CHECKING = False  # typing's own would load typing
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    _Handler = Callable[["Notes", Any, int], None]
    _Plan = tuple[_Handler | None, tuple[str, ...]]

_FILLERS = frozenset(
    "append appendleft add insert extend extendleft update setdefault __setitem__ push union_update".split()
)
_DROPPERS = frozenset(["pop", "popitem", "popleft", "remove", "discard", "clear", "__delitem__"])
_PUSHES = frozenset(["heappush", "insort", "insort_left", "insort_right"])
_WORDS = frozenset(
    (
        "lru_cache alru_cache ttl_cache cachetools memoize memoized memoise atexit "
        "finalize register_at_fork addHandler Timer WeakKeyDictionary WeakSet linecache"
    ).split()
)
_DECORATORS = frozenset({"cache", "cached", "memo", "lfu_cache", "rr_cache", "fifo_cache"})
_RENAMED = _DECORATORS | {"getLogger", "Thread", "signal"}
_CHAINS = frozenset({ast.Name, ast.Attribute})
FUNCTIONS = frozenset({ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda})
BUSY = _FILLERS | _DROPPERS
# What leads to a class or an instance of one, whatever a method calls its first parameter.
_SELVES = frozenset(["self", "cls", "super", "type"])
_ASKERS = frozenset("isinstance issubclass getattr hasattr len repr str id hash bool int".split())


@dataclass(frozen=True, slots=True)
class Filled:
    """Names that may hold a container, and those filled: at all, through what is imported, through an instance or class."""

    holds: set[str]
    fills: set[str]
    reaches: set[str]
    inherits: set[str]


class Notes:
    """What one walk over a file's ast has seen."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.classes: set[str] = set()
        self.made: set[str] = set()
        self.bases: dict[str, set[str]] = {}  # by class
        self.drops: set[str] = set()
        self.mentions: dict[str, None] = {}  # a set in the order of the walk
        self.imports: set[str] = set()
        self._speaks = False
        self._holds: set[str] = set()
        self._own: list[tuple[int, str]] = []  # lines on which an attribute of ``self`` is given a container
        self._outer: set[str] = set()
        self._growing: set[str] = set()
        self._reads: set[str] = set()
        self._selves: set[str] = set(_SELVES)
        self._bound: set[str] = set()  # what imports bind here
        self._modules: set[str] = set()  # of that, what holds nothing itself
        self._local: dict[str, int] = {}
        self._fills: dict[str, int] = {}
        self._aliases: dict[str, set[str]] = {}
        self._functions: list[tuple[str, int, int, frozenset[str]]] = []
        self._spans: list[tuple[str, int, int]] = []  # of classes
        self._busy: list[tuple[int, tuple[str, ...]]] = []  # lines on which something is filled or emptied
        self._chains: set[tuple[str, ...]] = set()  # through which something is filled, the root last
        self._given: set[tuple[tuple[str, ...], tuple[str, ...]]] = set()  # what is called, what it is given

    def speaks(self) -> bool:
        """Tell whether a word occurs that is reason enough to read the file."""
        return self._speaks or not _WORDS.isdisjoint(self.mentions)

    def filled(self) -> Filled:
        """Return what holds containers and what is filled, all other names that these may go by included."""
        fills = self._meant(set(self._fills) | (self._reads & self._growing))
        # A function's own local counts only where a deeper function fills it.
        cells = {n for n, depth in self._local.items() if self._fills.get(n, 0) > depth or n in self._outer}
        holds = self._holds | cells
        reaches: set[str] = set()
        inherits: set[str] = set()
        for chain in self._chains:
            names = self._meant(chain)
            through_object = len(chain) > 1 and chain[-1] in holds
            if through_object or "*" in self._bound or not names.isdisjoint(self._bound):
                reaches |= names
            if not names.isdisjoint(self._selves) or not names.isdisjoint(self.classes):
                inherits |= names
        return Filled(holds, fills, reaches - self._modules, inherits)

    def own(self) -> set[tuple[str, str]]:
        """Return (class, attribute) for what classes, and those below them in this file, give their instances."""
        found: set[tuple[str, str]] = set()
        for line, name in self._own:
            owners = [span for span in self._spans if span[1] <= line <= span[2]]
            if owners:
                found.add((max(owners, key=lambda span: span[1])[0], name))
        heirs: dict[str, set[str]] = {owner: {owner} for owner, _ in found}
        for known in heirs.values():
            while more := {one for one, bases in self.bases.items() if one not in known and bases & known}:
                known |= more
        return {(heir, name) for owner, name in found for heir in heirs[owner]}

    def imported_names(self) -> set[str]:
        """Return the names that imports bind in this file."""
        return self._bound

    def takes(self) -> set[str]:
        """Return the functions that fill or empty a parameter of theirs; a constructor goes by its class, too."""
        busy = sorted(self._busy)
        lines = [line for line, _ in busy]
        found: set[str] = set()
        for name, first, last, params in self._functions:
            inside = busy[bisect_left(lines, first) : bisect_right(lines, last)] if params else ()
            if any(not params.isdisjoint(self._meant(names)) for _, names in inside):
                found.add(name)
                if name in {"__init__", "__new__"}:
                    found.update(owner for owner, begin, end in self._spans if begin <= first <= end)
        return found

    def handed(self, known: set[str]) -> set[tuple[str, str]]:
        """Return (function, name) for each of the ``known`` names, and of attributes of ``self``, that calls hand on.

        What is called as an attribute has a dot before its name. One of a function's own objects is nobody's that is known.
        """
        leading = known | self._selves | self.classes
        found: set[tuple[str, str]] = set()
        for function, chain in self._given:
            if len(function) > 1 and leading.isdisjoint(self._meant(function[1:])):
                continue
            names = self._meant(chain)
            if names.isdisjoint(self._selves):
                names &= known
            names -= self._modules
            if len(function) > 1:
                found.update((f".{function[0]}", name) for name in names)
            else:
                found.update((called, name) for called in self._meant(function) for name in names)
        return found

    def _meant(self, names: Iterable[str]) -> set[str]:
        """Return ``names`` and all that they may be other names of."""
        found = set(names)
        waiting = [name for name in found if name in self._aliases]
        while waiting:
            for name in self._aliases.get(waiting.pop(), ()):
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
            self._reads.update(roots(node.value, called=False))  # a defaultdict grows when it is read
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
        if may_hold(value):
            for target in targets:
                for name in target_names(target):
                    self._hold(name, target, depth)
                    if isinstance(value, ast.Call):
                        self._growing.add(name)
        if depth:
            sources = set(roots(value, called=False))
            for target in targets:
                if isinstance(target, ast.Name):
                    self._aliases.setdefault(target.id, set()).update(sources)
        elif isinstance(value, (ast.Name, ast.Attribute)):
            if isinstance(value, ast.Attribute) and value.attr in _FILLERS:
                self._fill(value.value, 1)  # ``add = REGISTRY.append``, called wherever
            self._speaks = self._speaks or root(value) in _DECORATORS
            for target in targets:
                for name in target_names(target):
                    self._holds.add(name)
                    self._aliases.setdefault(name, set()).update(roots(value))

    def _hold(self, name: str, target: ast.expr, depth: int) -> None:
        if depth and isinstance(target, ast.Name):
            self._local[name] = min(depth, self._local.get(name, depth))
        elif isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name) and target.value.id == "self":
            self._own.append((target.lineno, name))
        else:
            self._holds.add(name)

    def defined(self, node: ast.ClassDef, depth: int) -> None:
        self.classes.add(node.name)
        self._spans.append((node.name, node.lineno, node.end_lineno or node.lineno))
        methods = set()
        for item in node.body:
            if isinstance(item, (ast.FunctionDef, ast.AsyncFunctionDef)):
                methods.add(item.name)
                self._selves.update(arg.arg for arg in item.args.args[:1])
        bases = {name for base in node.bases for name in roots(base)}
        bases.update(name for keyword in node.keywords for name in roots(keyword.value))
        self.bases.setdefault(node.name, set()).update(bases)
        self._speaks = self._speaks or ("Thread" in bases and "run" in methods)  # it may be given ``self`` for good
        if methods & {"__get__", "__set__"} or any(name == "type" or name.endswith(("Meta", "Type")) for name in bases):
            self.made.add(node.name)  # its instances sit on classes, or are classes

    def loop(self, node: ast.For | ast.AsyncFor | ast.comprehension, depth: int) -> None:
        for name in target_names(node.target):
            self._aliases.setdefault(name, set()).update(roots(node.iter, called=False))

    def declared(self, node: ast.Global | ast.Nonlocal, depth: int) -> None:
        self._outer.update(node.names)
        self._busy.append((node.lineno, tuple(node.names)))

    def parameters(self, node: ast.arguments, depth: int) -> None:
        if not node.defaults and not node.kw_defaults:
            return
        named = [*node.posonlyargs, *node.args]
        pairs = [
            *zip(reversed(named), reversed(node.defaults), strict=False),
            *zip(node.kwonlyargs, node.kw_defaults, strict=True),
        ]
        self._holds.update(argument.arg for argument, default in pairs if isinstance(default, (*LITERALS, ast.Call)))

    def function(self, node: ast.FunctionDef | ast.AsyncFunctionDef, depth: int) -> None:
        args = node.args
        named = [*args.posonlyargs, *args.args, *args.kwonlyargs]
        params = frozenset(arg.arg for arg in named if arg.arg not in _SELVES)
        self._functions.append((node.name, node.lineno, node.end_lineno or node.lineno, params))
        for decorator in node.decorator_list:
            self._speaks = self._speaks or root(decorator) in _DECORATORS
            self.made.update(roots(decorator))

    def called(self, node: ast.Call, depth: int) -> None:
        func = node.func
        named = func.id if isinstance(func, ast.Name) else root(func)
        if named == "getLogger":
            given = node.args[0] if node.args else None
            self._speaks = self._speaks or not isinstance(given, (ast.Constant, ast.Name, type(None)))
        elif named == "Thread":
            self._speaks = self._speaks or any(isinstance(k.value, (ast.Attribute, ast.Tuple)) for k in node.keywords)
        elif named == "signal":
            self._speaks = self._speaks or any(
                isinstance(a, (ast.Attribute, ast.Lambda, ast.Name)) for a in node.args[1:]
            )
        elif named in _DECORATORS and not depth:
            self._speaks = True  # ``cached = cache(method)``
        elif named in _PUSHES and depth and node.args:
            self._fill(node.args[0], depth)
        if not depth:
            self.made.update(roots(node.func))
        elif named not in _ASKERS:
            handed = [one for one in node.args if one.__class__ in _CHAINS]
            handed += [one.value for one in node.keywords if one.value.__class__ in _CHAINS]
            function = (tuple(roots(func, called=False)) or (named,)) if handed else ()
            for given in handed:
                self._given.add((function, tuple(roots(given))))

    def imported(self, node: ast.Import | ast.ImportFrom, depth: int) -> None:
        for alias in node.names:
            self.imports.update(alias.name.split("."))
            first, last = alias.name.partition(".")[0], alias.name.rpartition(".")[2]
            self._bound.add(alias.asname or first)
            if isinstance(node, ast.Import):
                self._modules.add(alias.asname or first)
            elif alias.asname:
                self._aliases.setdefault(alias.asname, set()).add(last)
            self._speaks = self._speaks or last in _WORDS or (alias.asname is not None and last in _RENAMED)
        if isinstance(node, ast.ImportFrom) and node.module:
            self.imports.update(node.module.split("."))
            self._speaks = self._speaks or not _WORDS.isdisjoint(node.module.split("."))

    def _drop(self, node: ast.expr, line: int) -> None:
        names = tuple(roots(node, called=False))
        self._busy.append((line, names))
        self.drops.update(names)

    def _fill(self, node: ast.expr, depth: int) -> None:
        names = tuple(roots(node, called=False))
        self._busy.append((node.lineno, names))
        self._chains.add(names)
        for name in names:
            self._fills[name] = max(depth, self._fills.get(name, 0))


# Fields that hold names, numbers, operators and contexts: nothing below them speaks of containers.
_LEAVES = frozenset(
    "id attr arg asname module level ctx op ops lineno type_comment kind simple is_async conversion type_ignores".split()
)
_CLOSED = frozenset({ast.Constant, ast.Global, ast.Nonlocal, ast.Import, ast.ImportFrom, ast.Pass})  # handled whole
PLANS: dict[type, _Plan] = {}
# Each handler takes the node kind it is listed under.
_HANDLERS: dict[type[ast.AST], _Handler] = {
    ast.Subscript: Notes.subscript,
    ast.AugAssign: Notes.augmented,
    ast.Assign: Notes.assign,
    ast.AnnAssign: Notes.assign,
    ast.NamedExpr: Notes.assign,
    ast.FunctionDef: Notes.function,
    ast.AsyncFunctionDef: Notes.function,
    ast.ClassDef: Notes.defined,
    ast.For: Notes.loop,
    ast.AsyncFor: Notes.loop,
    ast.comprehension: Notes.loop,
    ast.Global: Notes.declared,
    ast.Nonlocal: Notes.declared,
    ast.arguments: Notes.parameters,
    ast.Call: Notes.called,
    ast.Import: Notes.imported,
    ast.ImportFrom: Notes.imported,
}


def plan(kind: type) -> _Plan:
    """Return what handles a kind of node and which of its fields lead on; texts and numbers have neither."""
    known = PLANS.get(kind)
    if known is None:
        names = tuple(name for name in getattr(kind, "_fields", ()) if name not in _LEAVES)
        known = PLANS[kind] = (_HANDLERS.get(kind), () if kind in _CLOSED else names)
    return known
