"""Public methods that lead to a private one: what users call, with all that it sets up before."""

from __future__ import annotations

import ast
from typing import Any

from . import documented, domains
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
            function = domains.inner(value.__func__ if is_a(value, (classmethod, staticmethod)) else value)
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


_FILLING = {"add", "append", "extend", "insert", "setdefault", "update", "appendleft"}
PREPARING = 6  # methods that are tried before another one


def preparing(kind: Any, name: str) -> tuple[str, ...]:
    """Return the public methods of a class that fill an attribute of the object which a method of it uses."""
    using, filling = _of_methods(kind)
    used = using.get(name, frozenset())
    used = used.union(*[using.get(other, frozenset()) for other in used])
    found = [method for method, filled in filling.items() if filled & used and method != name]
    return tuple(method for method in found if not method.startswith("_"))[:PREPARING]


def setting(kind: Any, attribute: str) -> tuple[str, ...]:
    """Return the public methods of a class that set an attribute of the object, or fill it."""
    found = [method for method, filled in _of_methods(kind)[1].items() if attribute in filled]
    return tuple(method for method in found if not method.startswith("_"))[:PREPARING]


def _of_methods(kind: Any) -> tuple[dict[str, frozenset[str]], dict[str, frozenset[str]]]:
    """Return by method, or property, of a class the attributes of the object that it uses, and those that it fills."""
    using: dict[str, frozenset[str]] = {}
    filling: dict[str, frozenset[str]] = {}
    for base in mro_of(kind)[:-1]:
        for method, value in list(contents(base).items()):
            function: Any = domains.inner(value.fget if is_a(value, property) else value)
            tree = documented.body(function) if is_a(function, FunctionType) and method not in using else None
            if tree is not None:
                using[method] = _attributes(tree)
                filling[method] = _filled(tree) if is_a(value, FunctionType) else frozenset()
    return using, filling


def _attributes(tree: ast.AST) -> frozenset[str]:
    """Return the attributes of its own object that a method uses, those that it calls included."""
    return frozenset(name for name in map(_own, ast.walk(tree)) if name)


def _filled(tree: ast.AST) -> frozenset[str]:
    """Return the attributes of its own object into which a method puts something."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _FILLING:
            found.add(_own(node.func.value))
        elif isinstance(node, ast.Assign):
            found.update(_own(item.value if isinstance(item, ast.Subscript) else item) for item in node.targets)
    return frozenset(found - {""})


def _own(node: ast.AST) -> str:
    """Return the attribute that an expression takes of ``self``, or nothing."""
    own = isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self"
    return node.attr if own and isinstance(node, ast.Attribute) else ""
