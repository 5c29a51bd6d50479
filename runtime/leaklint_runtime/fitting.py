"""Classes of the program that fit a parameter of which nothing says the type: by its name, and by what is used of it."""

from __future__ import annotations

import ast
import dis
import inspect
import re
import sys
from typing import Any

from . import documented, values
from .early import FunctionType, ModuleType, contents, is_a

MOST = 4  # classes for one parameter
LEAST = 2  # attributes that tell a class by themselves
SHORT = 4  # letters of a name that may be the end of a class's name
_BUILT_IN = (str, bytes, list, dict, set, tuple, int, float, BaseException)


def classes(function: Any, name: str, home: str) -> tuple[Any, ...]:
    """Return the public classes of the package ``home`` that a parameter may take, those that its name means first.

    What a built-in type has as well tells nothing.
    """
    used = attributes(function, name)
    if used is None or (used and any(all(hasattr(kind, item) for item in used) for kind in _BUILT_IN)):
        return ()
    word = re.sub(r"[\d_]", "", name).lower()
    spoken = values.by_name(name, 0) is None  # a name that means a text or a number says no class
    owner = getattr(function, "__qualname__", "").rpartition(".")[0]  # another one of its own class is often passed
    mine: Any = contents(sys.modules[function.__module__]).get(owner) if function.__module__ in sys.modules else None
    ranked: list[tuple[int, str, Any]] = []
    for kind in of_package(home):
        title = kind.__name__.lower()
        rank = 0 if title == word else 1 if len(word) >= SHORT and title.endswith(word) else 2
        rank = 0 if used and kind.__qualname__ == owner and kind.__module__ == function.__module__ else rank
        if not used and is_a(mine, type) and kind in mine.__mro__:
            continue  # what a class calls by its own name is what it wraps
        told = (rank < 2 and spoken and bool(used)) or (rank == 0 and spoken) or len(used) >= LEAST
        if told and all(_has(kind, item) for item in used):
            ranked.append((rank, kind.__qualname__, kind))
    ranked.sort(key=lambda found: found[:2])
    return tuple(kind for rank, _, kind in ranked if rank == ranked[0][0])[:MOST]


def attributes(function: Any, name: str) -> frozenset[str] | None:
    """Return the attributes that a function uses of a parameter; None where another value takes its place."""
    tree = documented.body(function) if function is not None else None
    found = set()
    for node in ast.walk(tree) if tree is not None else ():
        if isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Store):
            return None
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == name:
            found.add(node.attr)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name:
            return None
    return frozenset(item for item in found if not item.startswith("__"))


def of_package(home: str) -> list[Any]:
    """Return the public concrete classes that the loaded modules of a package define."""
    if home not in _known:
        found = []
        for name, module in list(sys.modules.items()):
            if is_a(module, ModuleType) and (name == home or name.startswith(home + ".")):
                for kind in list(contents(module).values()):
                    if is_a(kind, type) and kind.__module__ == name and _is_usual(kind):
                        found.append(kind)
        _known[home] = list(dict.fromkeys(found))
    return _known[home]


_known: dict[str, list[Any]] = {}


def _is_usual(kind: Any) -> bool:
    private = kind.__name__.startswith("_")
    return not private and not issubclass(kind, (BaseException, type)) and not inspect.isabstract(kind)


def _has(kind: Any, name: str) -> bool:
    """Tell whether objects of a class have an attribute: the class has it, declares it, or its constructor sets it."""
    for base in kind.__mro__[:-1]:
        space = contents(base)
        maker = space.get("__init__")
        if name in space or name in space.get("__annotations__", ()):
            return True
        if is_a(maker, FunctionType) and name in _stored(maker.__code__):
            return True
    return False


def _stored(code: Any) -> frozenset[str]:
    """Return the names of the attributes that a function's own code sets."""
    if code not in _stores:
        found = [item.argval for item in dis.get_instructions(code) if item.opname == "STORE_ATTR"]
        _stores[code] = frozenset(found)
    return _stores[code]


_stores: dict[Any, frozenset[str]] = {}
