"""Public methods that lead to a private one: what users call, with all that it sets up before."""

from __future__ import annotations

import ast
from typing import Any

from . import documented
from .early import FunctionType, contents, is_a
from .holder import mro_of

_MAKING = ("__init__", "__new__", "__post_init__")


def public(kind: Any, name: str) -> tuple[str, ...]:
    """Return the public methods of a class, nearest first, through which a private method is called.

    A method that runs while the object is made is given as ``__init__``.
    """
    if not name.startswith("_") or name.endswith("__"):
        return ()
    calling = _calling(kind)
    found: list[str] = []
    seen, waiting = {name}, [name]
    while waiting:
        wanted = waiting.pop(0)
        for caller, called in calling.items():
            if wanted not in called or caller in seen:
                continue
            seen.add(caller)
            if caller in _MAKING:
                found.append("__init__")
            elif caller.startswith("_") and not caller.endswith("__"):
                waiting.append(caller)
            elif caller != "__del__":
                found.append(caller)
    return tuple(dict.fromkeys(found))


def _calling(kind: Any) -> dict[str, frozenset[str]]:
    """Return by method of a class the names of the methods that it calls on its own object."""
    found: dict[str, frozenset[str]] = {}
    for base in mro_of(kind)[:-1]:
        for name, value in list(contents(base).items()):
            function = value.__func__ if is_a(value, (classmethod, staticmethod)) else value
            if is_a(function, FunctionType) and name not in found:
                found[name] = _called(function, base.__name__)
    return found


def _called(function: Any, owner: str) -> frozenset[str]:
    tree = documented.body(function)
    names = []
    for node in ast.walk(tree) if tree is not None else ():
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and isinstance(node.func.value, ast.Name)
        ):
            if node.func.value.id in ("self", "cls"):
                name = node.func.attr
                private = name.startswith("__") and not name.endswith("__")
                names.append("_{}{}".format(owner.lstrip("_"), name) if private else name)
    return frozenset(names)
