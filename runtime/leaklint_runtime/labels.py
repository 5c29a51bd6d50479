"""Names for the nodes and edges of a chain of holders, found without running any of the target's code.

Nothing here calls a ``__repr__``, ``__eq__``, ``__hash__`` or ``__len__`` that the target could have written: objects
are compared by identity, and only values of exact built-in types are shown.
"""

from __future__ import annotations

import os
import sys
import sysconfig
from collections import deque
from functools import partial
from types import (
    AsyncGeneratorType,
    CodeType,
    CoroutineType,
    FrameType,
    FunctionType,
    GeneratorType,
    GetSetDescriptorType,
    MemberDescriptorType,
    MethodType,
    ModuleType,
)
from typing import Any, Callable, Iterator, NamedTuple

from .early import contents, is_a
from .scenarios import LOADED

_SHOWN = (str, bytes, int, float, bool, type(None))
_LENGTH = 40
_FRAMES = {CoroutineType: "cr_frame", GeneratorType: "gi_frame", AsyncGeneratorType: "ag_frame"}
_MEMBERS = (MemberDescriptorType, GetSetDescriptorType)
_CELL = type((lambda value: lambda: value)(0).__closure__[0])  # type: ignore[index]
LIBRARY = tuple(
    os.path.realpath(place) + os.sep
    for place in {sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    if place
)


class Root(NamedTuple):
    """A root that is no object Python code could hold: a registry inside the interpreter, or a place in one.

    ``read`` returns what is there now, where that can be asked.
    """

    text: str
    read: Callable[[], Any] | None = None


def node(obj: Any) -> str:
    """Return what a reader calls this object: ``module app.core``, ``class Processor``, ``dict``, ``Processor``."""
    if type(obj) is Root:
        return obj.text
    if is_a(obj, ModuleType):
        return "module {}".format(module_name(_text(contents(obj).get("__name__"))))
    if is_a(obj, type):
        return f"class {_qualified(obj)}"
    if is_a(obj, FunctionType):
        return f"function {obj.__qualname__}()"
    if is_a(obj, MethodType):
        return "bound method {}()".format(getattr(obj.__func__, "__qualname__", "?"))
    if is_a(obj, FrameType):
        return f"running frame of {obj.f_code.co_name}()"
    if type(obj).__name__ == "_lru_cache_wrapper":
        return "memoised {}()".format(_text(getattr(obj, "__qualname__", "function")))
    return _qualified(type(obj))


def module_name(name: str) -> str:
    """Return the dotted name of a module.

    A script, and a file that was loaded by its path, has the name that its place gives it.
    """
    if name != "__main__" and not name.startswith(LOADED):
        return name
    module = sys.modules.get(name)
    file: Any = contents(module).get("__file__") if is_a(module, ModuleType) else None
    if type(file) is not str:
        return name
    folder, stem = os.path.split(os.path.splitext(os.path.abspath(file))[0])
    parts = [stem]
    while os.path.isfile(os.path.join(folder, "__init__.py")):
        folder, package = os.path.split(folder)
        parts.insert(0, package)
    return ".".join(parts)


def key(value: Any) -> str:
    """Show a key or index: its text for exact built-in scalars and tuples of them, else its type in angle brackets."""
    if type(value) in _SHOWN:
        text = repr(value)
        return text if len(text) <= _LENGTH else text[: _LENGTH - 3] + "..."
    if type(value) is tuple and len(value) <= 4:
        return "({})".format(", ".join([key(item) for item in value]))
    return f"<{_qualified(type(value))}>"


def edge(holder: Any, held: Any) -> str:
    """Return how ``holder`` refers to ``held``: ``.name``, ``[key]``, ``[2]``, ``(element)``, ``closure name``."""
    if type(holder) is Root:
        return "(registered)"
    for name in _candidates(holder, held):
        return name
    return f"(inside {_qualified(type(holder))})"


def _candidates(holder: Any, held: Any) -> Iterator[str]:
    if is_a(holder, dict):
        yield from _in_dict(holder, held)
    elif is_a(holder, (list, tuple, deque)):
        kind: Any = list if is_a(holder, list) else tuple if is_a(holder, tuple) else deque
        last = len(holder) - 1 if kind is list and type(holder) is list else -1
        if last >= 0 and holder[last] is held:
            yield f"[{last}]"  # the youngest entry is asked about most, and a list may be long
        fields: Any = contents(type(holder)).get("_fields") if kind is tuple else None
        if type(fields) is tuple and len(fields) == tuple.__len__(holder):  # a named tuple
            yield from (f".{name}" for name, item in zip(fields, tuple.__iter__(holder)) if item is held)
        yield from (f"[{place}]" for place, item in enumerate(kind.__iter__(holder)) if item is held)
    elif is_a(holder, (set, frozenset)):
        yield "(element)"
    if is_a(holder, FunctionType):
        yield from _in_function(holder, held)
    elif is_a(holder, MethodType):
        yield ".__self__" if holder.__self__ is held else ".__func__"
    elif is_a(holder, partial):
        yield from (f".args[{place}]" for place, item in enumerate(holder.args) if item is held)
    elif is_a(holder, _CELL):
        yield ".cell_contents"
    elif is_a(holder, FrameType):
        yield from (f"local {name}" for name, item in holder.f_locals.items() if item is held)
    elif is_a(holder, tuple(_FRAMES)):
        frame = next(getattr(holder, name) for kind, name in _FRAMES.items() if is_a(holder, kind))
        yield from (f"local {name}" for name, item in (frame.f_locals.items() if frame else ()) if item is held)
    elif type(holder).__name__ == "_lru_cache_wrapper":
        yield "[cached]"
    yield from _attributes(holder, held)


def _in_dict(holder: Any, held: Any) -> Iterator[str]:
    for name, item in list(dict.items(holder)):
        if item is held:
            yield f"[{key(name)}]"
        elif name is held:
            yield "(key)"


def _in_function(holder: Any, held: Any) -> Iterator[str]:
    for name, cell in zip(holder.__code__.co_freevars, holder.__closure__ or ()):
        if cell is held or _content(cell) is held:
            yield f"closure {name}"
    names = holder.__code__.co_varnames[: holder.__code__.co_argcount]
    defaults = holder.__defaults__ or ()
    for name, value in zip(names[len(names) - len(defaults) :], defaults):
        if value is held:
            yield f"default {name}"
    if held is holder.__defaults__ or held is holder.__kwdefaults__:
        yield ".__defaults__"
    if held is holder.__globals__:
        yield ".__globals__"
    if held is holder.__dict__:
        yield ".__dict__"


def _content(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:
        return None


def _attributes(holder: Any, held: Any) -> Iterator[str]:
    for name, item in namespace(holder):
        if item is held:
            yield "." + name
    if is_a(holder, type):
        if held in _identical(holder.__bases__, held):
            yield ".__bases__"
        return
    for base in type(holder).__mro__:
        for name, member in list(contents(base).items()):
            if is_a(member, MemberDescriptorType) and _slot(member, holder) is held:
                yield "." + name


def namespace(holder: Any) -> tuple[tuple[str, Any], ...]:
    """Return the names and values of a module's, class's or instance's own dict."""
    try:
        found = contents(holder)
    except (AttributeError, TypeError):
        return ()
    if not is_a(holder, type) and not is_a(found, dict):
        return ()
    return tuple((name, item) for name, item in list(found.items()) if type(name) is str)


def _identical(values: Any, held: Any) -> tuple[Any, ...]:
    return tuple(item for item in values if item is held)


def _slot(member: Any, holder: Any) -> Any:
    try:
        return member.__get__(holder)
    except Exception:
        return None


def _qualified(kind: Any) -> str:
    return _text(type.__dict__["__qualname__"].__get__(kind)) if is_a(kind, type) else "?"


def _text(value: Any) -> str:
    return value if type(value) is str else "?"


def origin(obj: Any) -> str:
    """Return ``app`` or ``lib`` for a module, class, function or frame, judged by its file.

    Other objects have no origin of their own.
    """
    if is_a(obj, FrameType):
        return _origin_of_file(obj.f_code.co_filename)
    if is_a(obj, MethodType):
        return origin(obj.__func__)
    if is_a(obj, FunctionType):
        code: CodeType | None = obj.__code__
        return _origin_of_file(code.co_filename) if code else ""
    if is_a(obj, ModuleType):
        name: Any = contents(obj).get("__name__")
    elif is_a(obj, type):
        name = contents(obj).get("__module__")
    else:
        return ""
    module = sys.modules.get(name) if type(name) is str else None
    file = contents(module).get("__file__") if is_a(module, ModuleType) else None
    return _origin_of_file(file) if type(file) is str else "lib" if module is not None else ""


def _origin_of_file(file: str) -> str:
    return "lib" if os.path.realpath(file).startswith(LIBRARY) else "app"
