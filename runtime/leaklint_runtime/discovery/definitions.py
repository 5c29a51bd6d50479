"""Where a holder is written down, and what its source says of its bound: read from the source, never by importing it."""

from __future__ import annotations

import ast
import os
import sys
import sysconfig
import tokenize
from contextlib import suppress
from types import AsyncGeneratorType, CoroutineType, FunctionType, GeneratorType
from typing import Any, Iterator, Tuple

from ..early import ModuleType, contents, is_a
from ..holder import lookup, mro_of

Place = Tuple[str, int]
_SITE = tuple(sysconfig.get_path(name) + os.sep for name in ("purelib", "platlib") if sysconfig.get_path(name))
STANDARD = tuple(
    {
        os.path.realpath(sysconfig.get_path(name)) + os.sep
        for name in ("stdlib", "platstdlib")
        if sysconfig.get_path(name)
    }
)
SUSPENDED = (GeneratorType, CoroutineType, AsyncGeneratorType)
_CODES = ("__code__", "gi_code", "cr_code", "ag_code")
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_trees: dict[str, ast.Module | None] = {}


def is_standard(path: str) -> bool:
    """Tell whether a file is one of the standard library, not of an installed package; so is what is frozen into it."""
    if path.startswith("<"):
        return path.startswith("<frozen ")
    real = os.path.realpath(path)
    return real.startswith(STANDARD) and not real.startswith(_SITE) and f"{os.sep}site-packages{os.sep}" not in real


def is_library(path: str) -> bool:
    """Tell whether a file belongs to the standard library or to an installed package."""
    return is_standard(path) or path.startswith(_SITE) or f"{os.sep}site-packages{os.sep}" in path


def forget() -> None:
    """Drop the trees that were read."""
    _trees.clear()


def file_of(module: Any) -> str:
    """Return the absolute path of a module's source; empty where it has none."""
    file: Any = contents(module).get("__file__") if is_a(module, ModuleType) else None
    return os.path.abspath(file) if is_a(file, str) and file.endswith((".py", ".pyw")) else ""


def _tree(path: str) -> ast.Module | None:
    if path not in _trees:
        try:
            with tokenize.open(path) as source:
                _trees[path] = ast.parse(source.read())
        except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
            _trees[path] = None
    return _trees[path]


def assigning_module(module: Any, value: Any) -> Any:
    """Return the module whose source assigns a global that has this value; ``module``, which has it, if none does."""
    for other in [module, *list(sys.modules.values())]:
        if not is_a(other, ModuleType):
            continue
        for name, item in list(contents(other).items()):
            if item is value and is_a(name, str) and _assigned(_body(file_of(other), ()), name):
                return other
    return module


def public_module(module: Any, value: Any) -> Any:
    """Return the public module that imports a value from a private one of C code, as ``ctypes`` does from ``_ctypes``."""
    name: Any = contents(module).get("__name__")
    if not is_a(name, str) or not name.startswith("_") or file_of(module):
        return module
    public = sys.modules.get(name.lstrip("_"))
    shared = is_a(public, ModuleType) and any(item is value for item in contents(public).values())
    return public if shared else module


def place_of(parent: Any, attribute: str) -> Place:
    """Return the file and line at which the attribute of ``parent`` (a module, class or other object) is first assigned.

    Of an object's attribute that is the assignment to ``self`` in its class. Empty and 0 where it is not written down.
    """
    if is_a(parent, ModuleType):
        return _first(file_of(parent), _body(file_of(parent), ()), attribute)
    kinds = mro_of(parent) if is_a(parent, type) else mro_of(type(parent))
    for kind in kinds:
        file, body = _class_body(kind)
        name = _spelled(kind, attribute)
        line = _assigned(body, name) or _by_self(body, name)
        if line:
            return file, line
    return ("", 0)


def place_in_module(module: Any, attribute: str) -> Place:
    """Return where a module assigns this attribute of any name: of an object whose class says nothing of it."""
    line = _by_self(_body(file_of(module), ()), attribute) if is_a(module, ModuleType) else 0
    return (file_of(module), line) if line else ("", 0)


def _spelled(kind: Any, attribute: str) -> str:
    """Return a private name as the class's source spells it: ``__items`` for ``_Registry__items``."""
    prefix = "_{}__".format(type.__dict__["__name__"].__get__(kind).lstrip("_"))
    return attribute[len(prefix) - 2 :] if attribute.startswith(prefix) else attribute


def place_of_local(function: Any, name: str) -> Place:
    """Return the place at which a variable of a function, or of a suspended generator, is assigned, else where that begins."""
    code = next(getattr(function, attribute) for attribute in _CODES if hasattr(function, attribute))
    file = code.co_filename
    for node in ast.walk(_tree(file) or ast.Module([], [])):
        if isinstance(node, _FUNCTIONS) and node.lineno <= code.co_firstlineno <= (getattr(node, "end_lineno", 0) or 0):
            line = _assigned(node.body, name)
            if line:
                return file, line
    return file, code.co_firstlineno


def place_of_code(value: Any) -> Place:
    """Return where a class, or the function inside a memoiser, property or method, is written down."""
    with suppress(AttributeError):
        value = object.__getattribute__(value, "__dict__").get("__wrapped__", value)
    if is_a(value, FunctionType):
        return value.__code__.co_filename, value.__code__.co_firstlineno
    return ("", 0)


def _class_body(kind: Any) -> tuple[str, list[ast.stmt]]:
    module = sys.modules.get(contents(kind).get("__module__") or "")
    file = file_of(module)
    names = tuple(type.__dict__["__qualname__"].__get__(kind).split("."))
    return file, _body(file, names)


def _body(file: str, names: tuple[str, ...]) -> list[ast.stmt]:
    """Return the statements of the class or function with this qualified name; none if it is not there."""
    tree = _tree(file) if file else None
    body: list[ast.stmt] = tree.body if tree else []
    for name in names:
        if name == "<locals>":
            continue
        inner = [node for node in _flat(body) if isinstance(node, (ast.ClassDef, *_FUNCTIONS)) and node.name == name]
        if not inner:
            return []
        body = inner[-1].body
    return body


def _flat(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield the statements of a body and of the blocks in it, but not of the functions and classes in it."""
    for node in body:
        yield node
        if isinstance(node, (ast.ClassDef, *_FUNCTIONS)):
            continue
        for name in ("body", "orelse", "finalbody"):
            yield from _flat(getattr(node, name, []))
        for handler in getattr(node, "handlers", []):
            yield from _flat(handler.body)


def _first(file: str, body: list[ast.stmt], name: str) -> Place:
    line = _assigned(body, name)
    return (file, line) if line else ("", 0)


def _assigned(body: list[ast.stmt], name: str) -> int:
    """Return the line of the first statement that gives a value to the name; a function or class of that name counts."""
    for node in _flat(body):
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        for target in targets:
            if isinstance(node, ast.AnnAssign) and node.value is None:
                continue
            if target is not None and any(getattr(item, "id", "") == name for item in ast.walk(target)):
                return node.lineno
        if isinstance(node, (ast.ClassDef, *_FUNCTIONS)) and node.name == name:
            return min([node.lineno, *[item.lineno for item in node.decorator_list]])
    return 0


def _by_self(body: list[ast.stmt], name: str) -> int:
    """Return the line of the first assignment to this attribute of any name, ``self.items = ..``, in a class's methods."""
    for node in body:
        for inner in ast.walk(node):
            if isinstance(inner, (ast.Assign, ast.AnnAssign)):
                targets = inner.targets if isinstance(inner, ast.Assign) else [inner.target]
                if any(_is_own_attribute(item, name) for target in targets for item in ast.walk(target)):
                    return inner.lineno
    return 0


def _is_own_attribute(node: ast.AST, name: str) -> bool:
    """Tell whether a part of an assignment's target is this attribute of a name, alone or among others in a tuple."""
    if not (isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store)):
        return False
    return node.attr == name and isinstance(node.value, ast.Name)


def guarded_at(parent: Any, attribute: str) -> int | None:
    """Return the largest number that the source compares the length of something called ``attribute`` with, or None.

    ``len(CACHE) >= 1000`` with a number written out, or a name that the module or ``parent`` gives a number and that nothing
    counts up or sets from a function. The source is that of the module ``parent``, or of the module in which the class of
    ``parent`` is.
    """
    kind = parent if is_a(parent, type) else type(parent)
    module = parent if is_a(parent, ModuleType) else sys.modules.get(contents(kind).get("__module__") or "")
    tree = _tree(file_of(module)) if file_of(module) else None
    name = attribute if is_a(parent, ModuleType) else _spelled(kind, attribute)
    numbers: list[int] = []
    counting = _counted(tree) if tree else set()
    for node in ast.walk(tree) if tree else ():
        if isinstance(node, ast.Compare):
            sides = [node.left, *node.comparators]
            if any(_is_length_of(side, name) for side in sides):
                values = [_number(side, module, parent) for side in sides if _last_name(side) not in counting]
                numbers += [value for value in values if value is not None and value > 1]
    return max(numbers, default=None)


def _counted(tree: ast.Module) -> set[str]:
    """Return the names and attributes that a module counts up, or sets as globals: their values now are no bound."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.AugAssign):
            found.add(_last_name(node.target))
        elif isinstance(node, ast.Global):
            found.update(node.names)
    return found


def _last_name(node: ast.AST) -> str:
    return str(getattr(node, "id", getattr(node, "attr", "")))


def _is_length_of(node: ast.AST, name: str) -> bool:
    if not (isinstance(node, ast.Call) and getattr(node.func, "id", "") == "len" and len(node.args) == 1):
        return False
    argument = node.args[0]
    return name in (getattr(argument, "id", None), getattr(argument, "attr", None))


def _number(node: ast.AST, module: Any, owner: Any) -> int | None:
    value: Any = None
    if isinstance(node, ast.Constant):
        value = node.value
    elif isinstance(node, ast.Name):
        value = contents(module).get(node.id)
    elif isinstance(node, ast.Attribute):
        value = lookup(owner, node.attr)
    return value if type(value) is int else None
