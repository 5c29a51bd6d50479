"""What users pass for a parameter, where its annotation does not say it: docstrings, type tests, the program's own calls."""

from __future__ import annotations

import importlib
import inspect
import os
import sys
import typing
from typing import Any

from . import documented, fitting, sources, usages
from .early import FunctionType, ModuleType, contents, is_a
from .sources import Searched
from .usages import PLAIN, UNKNOWN, PassedValue
from .values import NOTHING, BuiltValue, Fitting, OneOf, literal

_scopes: list[Searched] = []
OPTIONS = 12
DECORATORS = 4  # of one function
MODULES = 6  # that are imported to find the subclasses of one class


def within(root: str, file: str) -> None:
    """Say which program the functions belong to that ``hints`` is asked about."""
    _scopes[:] = [Searched(root and os.path.realpath(root), os.path.realpath(file))] if file else []


def scope() -> Searched | None:
    """Return the program that is looked at, or None."""
    return _scopes[0] if _scopes else None


def hints(function: Any, source: Any, parameters: list[inspect.Parameter], known: dict[str, Any]) -> dict[str, Any]:
    """Return the hints for a callable: the annotations that are ``known``, completed by what else says something.

    ``source`` is the function whose body and docstring speak: the constructor of a class.
    """
    if not _scopes or not _is_ours(function):
        return known
    found = dict(known)
    lacking = [item.name for item in parameters if found.get(item.name, Any) in (Any, object)]
    if lacking:
        said = documented.types(source, lacking, function if is_a(function, type) else None)
        found.update({name: kind for name, kind in said.items() if kind is not object})
    open_ = [item for item in parameters if item.name not in found and item.name not in ("self", "cls")]
    passed = passed_to(function, parameters) if open_ or (parameters and is_private(function)) else {}
    for item in parameters:
        options = passed.get(item.name, ())
        if (options and item.name not in found) or (options and is_private(function)):
            hint = _from_calls(options, closed=is_private(function) or not _is_library(function))
            if hint is not None and (item.name not in found or isinstance(hint, OneOf)):
                found[item.name] = hint
        if item.name not in found:
            values = documented.compared(source, item.name)
            if values:
                found[item.name] = OneOf(tuple(literal(value)._replace(origin="code") for value in values), False)
        if item.name not in found and item.kind in (
            item.POSITIONAL_ONLY,
            item.POSITIONAL_OR_KEYWORD,
            item.KEYWORD_ONLY,
        ):
            kinds = fitting.classes(source, item.name, function.__module__.partition(".")[0])
            if kinds and item.name not in ("self", "cls"):
                found[item.name] = Fitting(kinds)
    return found


def inner(function: Any) -> Any:
    """Return the function to which a decorator's wrapper that says nothing of its own parameters passes all it is given.

    The wrapper may be an object of a class that can be called and has the function as an attribute.
    """
    for _ in range(DECORATORS):
        if hasattr(function, "__wrapped__") or is_a(function, (type, ModuleType)):
            break
        if is_a(function, FunctionType):
            code, held = function.__code__, _cells(function)
            open_ = bool(code.co_flags & inspect.CO_VARKEYWORDS)
        else:
            called = inspect.getattr_static(type(function), "__call__", None)
            code, open_ = getattr(called, "__code__", None), True
            held = list(getattr(function, "__dict__", {}).values()) if is_a(called, FunctionType) else []
        functions = [item for item in held if is_a(item, FunctionType)]
        if len(functions) != 1 or not open_ or not code.co_flags & inspect.CO_VARARGS:
            break
        if code.co_argcount > 1 or code.co_kwonlyargcount:
            break
        function = functions[0]
    return function


def _cells(function: Any) -> list[Any]:
    try:
        return [cell.cell_contents for cell in function.__closure__ or ()]
    except ValueError:  # one is empty still
        return []


def passed_to(
    function: Any, parameters: list[inspect.Parameter], examples: bool = False
) -> dict[str, tuple[PassedValue, ...]]:
    """Return by parameter what the program's calls of a function pass, those of tests, and of ``examples``, last."""
    name = getattr(inner(function), "__name__", "")
    if not _scopes or not name or name == "<lambda>":
        return {}
    found: dict[str, list[PassedValue]] = {}
    mine = [item for item in parameters if item.name not in ("self", "cls")]
    sites = usages.calls(name, _scopes[0])
    for site in (*sites, *usages.examples(name, _scopes[0])) if examples else sites:
        for parameter, given in usages.passed(site, mine).items():
            found.setdefault(parameter, []).append(given)
    return {name: tuple(sorted(options, key=lambda given: given.test)) for name, options in found.items()}


def _from_calls(options: tuple[PassedValue, ...], closed: bool) -> Any:
    """Return a hint from what calls pass: the values if all are plain ones, or the type that they share; else None."""
    own = [given for given in options if not given.test] or list(options)
    listed: list[BuiltValue] = []
    for given in own:
        made = made_of(given)
        if made is None:
            break
        if not any(made.source == other.source for other in listed):
            listed.append(made)
    else:
        if listed and closed and len(listed) <= OPTIONS:
            return OneOf(tuple(listed), True)
    kinds = [given.kind for given in own]
    if any(kind is None for kind in kinds):
        return None
    first = next((kind for kind in kinds if kind is not type(None)), None)
    return first if is_a(first, type) else None


def made_of(given: PassedValue) -> BuiltValue | None:
    """Return what a call passes as a value with its template, or None if it is not known or made anew by each call."""
    value = given.value
    if value is UNKNOWN:
        return None
    if type(value) in PLAIN:
        return BuiltValue(value, repr(value), True, f"call at {given.place}")
    if is_a(value, (list, dict, set, ModuleType)):
        return None
    name, home = getattr(value, "__qualname__", ""), getattr(value, "__module__", "")
    if is_a(value, type) or (name and home and "<" not in name):
        return BuiltValue(value, f"{home}:{name}", True, f"call at {given.place}")
    kind = type(value)
    member = getattr(value, "name", "")
    return BuiltValue(
        value, f"{kind.__module__}:{kind.__qualname__}.{member}" if member else NOTHING, True, given.place
    )


def subclasses(kind: Any) -> tuple[Any, ...]:
    """Return the program's concrete classes below a class; files that speak of one are imported for that.

    Those that the package offers to users come first, then those that have no classes below them.
    """
    if not _scopes or not _is_ours(kind):
        return ()
    if inspect.isabstract(kind):
        for name in sources.defining(kind.__name__, _scopes[0])[:MODULES]:
            _imported(name, "")
    found: list[Any] = []
    waiting = list(type.__subclasses__(kind))
    while waiting:
        below = waiting.pop(0)
        waiting += type.__subclasses__(below)
        if _is_ours(below) and not inspect.isabstract(below) and not is_private(below) and below not in found:
            found.append(below)
    order = sorted(found, key=lambda below: (not is_exported(below), bool(type.__subclasses__(below))))
    return tuple(order[:OPTIONS])


def classes_of(kind: Any) -> tuple[Any, ...]:
    """Return the program's classes of a metaclass, those with the fewest bases first."""
    found: list[Any] = []
    waiting = list(type.__subclasses__(object))
    seen = set(map(id, waiting))
    while waiting:
        below = waiting.pop()
        if is_a(below, kind) and _scopes and _is_ours(below):
            found.append(below)
        following = [item for item in type.__subclasses__(below) if id(item) not in seen]
        seen.update(map(id, following))
        waiting += following
    return tuple(sorted(found, key=lambda one: (len(one.__mro__), one.__qualname__))[:OPTIONS])


def is_exported(kind: Any) -> bool:
    """Tell whether the package of a class offers it by its name, where users look first."""
    home = getattr(kind, "__module__", "").partition(".")[0]
    top = sys.modules.get(home)
    return top is not None and "." in kind.__module__ and contents(top).get(kind.__name__) is kind


def makers(kind: Any) -> tuple[Any, ...]:
    """Return the functions of loaded modules of the program that call a class, as users can name them."""
    name = getattr(kind, "__name__", "")
    found: list[Any] = []
    for site in usages.calls(name, _scopes[0]) if _scopes and name else ():
        called = getattr(site.function, "name", "") if not site.owner and not site.source.test else ""
        function = sources.space_of(site.source).get(called)
        if is_a(function, FunctionType) and not called.startswith("_") and function not in found:
            found.append(function)
    return tuple(found[:OPTIONS])


def element_of(module: Any, path: str) -> Any:
    """Return the type that the annotation of a module's or class's container gives for its elements, or None."""
    owner: Any = module
    names = path.split(".") if path and ":" not in path else []
    for name in names[:-1]:
        owner = contents(owner).get(name) if is_a(owner, (type, ModuleType)) else None
    if not names or not is_a(owner, (type, ModuleType)):
        return None
    hint = contents(owner).get("__annotations__", {}).get(names[-1])
    home = contents(sys.modules[module.__name__])
    if isinstance(hint, str):
        try:
            hint = eval(hint, {**vars(typing), **home})
        except Exception:
            try:
                hint = eval(hint, {**vars(typing), **home, **for_types(home)})
            except Exception:
                return None
    arguments = [item for item in getattr(hint, "__args__", ()) if item is not Ellipsis]
    if len(arguments) == 1 and (is_a(arguments[0], type) or hasattr(arguments[0], "__supertype__")):
        return arguments[0]
    return None


def is_private(function: Any) -> bool:
    """Tell whether users of the program cannot be expected to call a function or class themselves."""
    names = getattr(function, "__qualname__", "").split(".")
    return any(name.startswith("_") and not name.endswith("__") for name in names)


def owner_of(function: Any) -> Any:
    """Return the class that a method is defined in, or None."""
    plain = inspect.unwrap(function) if callable(function) else function
    found: Any = sys.modules.get(getattr(plain, "__module__", "") or "")
    for name in getattr(plain, "__qualname__", "").split(".")[:-1]:
        found = contents(found).get(name) if is_a(found, (type, ModuleType)) else None
    return found if is_a(found, type) else None


def _is_library(function: Any) -> bool:
    """Tell whether a function is in a package, whose users call it with values of their own."""
    module = getattr(function, "__module__", "") or ""
    home = sys.modules.get(module)
    return "." in module or hasattr(home, "__path__")


def _is_ours(function: Any) -> bool:
    home = sys.modules.get(getattr(function, "__module__", "") or "")
    found = contents(home).get("__file__") if is_a(home, ModuleType) else None
    place = os.path.realpath(found) if type(found) is str else ""
    inside = _scopes[0]
    return place == inside.file or bool(inside.root and place.startswith(inside.root + os.sep))


def for_types(space: dict[str, Any]) -> dict[str, Any]:
    """Return what a module imports for type checkers alone, imported now as far as that succeeds."""
    file, name = space.get("__file__"), space.get("__package__") or ""
    source = sources.parsed(os.path.realpath(file)) if type(file) is str and file.endswith(".py") else None
    found: dict[str, Any] = {}
    for alias, (module, attribute) in (sources.imports_for_types(source) if source else {}).items():
        home = _imported(module, name)
        if "." not in alias and home is not None and (not attribute or hasattr(home, attribute)):
            found[alias] = getattr(home, attribute) if attribute else home
    return found


def _imported(module: str, package: str) -> Any:
    try:
        return importlib.import_module(module, package)
    except Exception:
        return None
