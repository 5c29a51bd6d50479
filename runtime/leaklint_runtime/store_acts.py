"""Acts on the functions that have the flagged statements, and on those that call them.

What a finding says is kept may be made far from the statement that stores it; where making it does not lead there, the
function of that statement does.
"""

from __future__ import annotations

import ast
import importlib
import os
import sys
from typing import Any, Iterator, NamedTuple

from . import domains, reached, sources, usages
from .act import Act
from .early import FunctionType, ModuleType, contents, is_a
from .holder import ABSENT, lookup, unwrap

MOST = 6  # acts for one finding
DEPTH = 4  # callers of callers
_MAKING = ("__init__", "__new__", "__post_init__")
_BY_THE_INTERPRETER = {"__del__", "__init_subclass__", "__set_name__", "__get__", "__set__", "__delete__", "__new__"}
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


class StoringFunction(NamedTuple):
    """A function of the program: the file, the classes around it (``A.B`` or nothing) and its name."""

    path: str
    owner: str
    name: str


def acts(lines: reached.Lines) -> Iterator[Act]:
    """Yield acts that call the functions with these lines, or public ones that lead to them, nearest first."""
    found: list[Act] = []
    seen = {place for path, numbers in sorted(lines.items()) for place in _around(path, numbers)}
    waiting = [(place, 0) for place in sorted(seen)]
    hidden: list[Act] = []
    while waiting and len(found) < MOST:
        place, depth = waiting.pop(0)
        act = _act(place)
        private = place.name.startswith("_") and not place.name.endswith("__")
        if act is not None:
            (hidden if private else found).append(act)
        for caller in _callers(place) if depth < (DEPTH if private or act is None else 1) else ():
            if caller not in seen:
                seen.add(caller)
                waiting.append((caller, depth + 1))
    yield from (found + hidden)[:MOST]


def _around(path: str, numbers: set[int]) -> Iterator[StoringFunction]:
    """Yield the outermost functions, methods of classes included, that have one of the lines."""
    source = sources.parsed(path)
    waiting: list[tuple[ast.AST, str]] = [(source.tree, "")] if source is not None else []
    while waiting:
        node, owner = waiting.pop()
        for child in ast.iter_child_nodes(node):
            first, last = getattr(child, "lineno", 0), getattr(child, "end_lineno", 0) or 0
            if first and not any(first <= number <= last for number in numbers):
                continue
            if isinstance(child, _FUNCTIONS):
                yield StoringFunction(path, owner, child.name)
            elif isinstance(child, ast.ClassDef):
                waiting.append((child, f"{owner}.{child.name}" if owner else child.name))
            else:
                waiting.append((child, owner))


def _callers(place: StoringFunction) -> Iterator[StoringFunction]:
    """Yield the functions of the program, tests apart, that call one by its name."""
    scope = domains.scope()
    name = place.owner.rpartition(".")[2] if place.name in _MAKING else place.name
    for site in usages.calls(name, scope) if scope is not None and name else ():
        outermost = next((node for node in site.parents if isinstance(node, _FUNCTIONS)), None)
        if outermost is not None and not site.source.test:
            around = site.parents[: site.parents.index(outermost)]
            owners = [node.name for node in around if isinstance(node, ast.ClassDef)]
            yield StoringFunction(os.path.realpath(site.source.path), ".".join(owners), outermost.name)


def _act(place: StoringFunction) -> Act | None:
    """Return the act that calls a function, or None if nobody can call it from outside."""
    module = _module(place.path)
    owner: Any = module
    for name in filter(None, place.owner.split(".")):
        owner = lookup(owner, name) if owner is not None else ABSENT
    if not is_a(owner, (type, ModuleType)):
        return None
    if is_a(owner, ModuleType):
        function = contents(owner).get(place.name)
        known = callable(function) and not is_a(function, type)
        return Act("call", f"{owner.__name__}:{place.name}", function, None, None) if known else None
    if issubclass(owner, type):
        return None
    if place.name in _MAKING:
        return Act("construct", "", owner, owner, None)
    raw = lookup(owner, place.name)
    if raw is ABSENT or place.name in _BY_THE_INTERPRETER:
        return None
    if is_a(raw, (staticmethod, classmethod)):
        name = f"{owner.__module__}:{owner.__qualname__}.{place.name}"
        return Act("call", name, getattr(owner, place.name), None, None)
    kind = "property" if is_a(raw, property) else "method" if is_a(raw, FunctionType) else ""
    return Act(kind, place.name, unwrap(raw), owner, None, skip_self=True) if kind else None


def _module(path: str) -> Any:
    """Return the module of a file of the program, or None; one of a package is imported now if it was not.

    Any other file may be a script, and does when it is imported what it is for.
    """
    for module in list(sys.modules.values()):
        found = contents(module).get("__file__") if is_a(module, ModuleType) else None
        if type(found) is str and os.path.realpath(found) == path:
            return module
    scope = domains.scope()
    name = sources.module_name(path, scope) if scope is not None else ""
    try:
        return importlib.import_module(name) if "." in name else None
    except Exception:
        return None
