"""Which objects count as left behind by a test, and which of them a container keeps.

Counted are instances of classes that someone wrote in Python, or that a package brings along: the program's own, those of
packages and of the standard library. Values, containers, functions, classes and modules are passed through or passed over,
and so is what belongs to the machinery that runs the tests.
"""

from __future__ import annotations

import sys
from functools import partial
from types import FrameType, FunctionType, TracebackType
from typing import Any, Iterator, NamedTuple, Sequence

from .. import labels
from ..discovery import definitions
from ..discovery.measures import MEMO
from ..early import ModuleType, contents, get_referents, is_a, ref

_OWN = __name__.partition(".")[0]
_PASSED_OVER = (type, ModuleType, FrameType, TracebackType, ref)
_CONTAINERS = (dict, list, set, tuple, frozenset)
#: of the standard library's classes those whose objects carry others, or are made with each class
_CARRIERS = ("abc", "collections", "enum", "functools", "re", "types", "typing", "weakref")
_MOCKS = ("unittest", "mock")
NODES = 20_000
_module_of = type.__dict__["__module__"].__get__


class Machinery(NamedTuple):
    """What runs the tests: the packages and single modules to which its classes belong."""

    packages: frozenset[str]
    modules: frozenset[str]

    def owns_module(self, name: Any) -> bool:
        """Tell whether a module is part of it."""
        return is_a(name, str) and (name in self.modules or name.partition(".")[0] in self.packages)

    def owns(self, obj: Any) -> bool:
        """Tell whether an object is one of its modules, classes or objects, or a function that is written there."""
        if is_a(obj, ModuleType):
            return self.owns_module(contents(obj).get("__name__"))
        if is_a(obj, FunctionType):
            return self.owns_module(obj.__module__)
        return self.owns_module(_module_of(obj if is_a(obj, type) else type(obj)))


def machinery(config: Any) -> Machinery:
    """Return what runs the tests: pytest, unittest, mock, and each installed distribution that brings a plugin of pytest."""
    packages = {_OWN, *_MOCKS}
    for kind in (type(config), *type(config.pluginmanager).__mro__):
        packages.add(_module_of(kind).partition(".")[0])
    distributions = {id(plugin): dist for plugin, dist in config.pluginmanager.list_plugin_distinfo()}
    modules = set()
    for plugin in config.pluginmanager.get_plugins():
        kind = plugin if is_a(plugin, type) else type(plugin)
        name = contents(plugin).get("__name__") if is_a(plugin, ModuleType) else _module_of(kind)
        file = definitions.file_of(sys.modules.get(name)) if is_a(name, str) else ""
        if is_a(name, str) and definitions.is_library(file or "<frozen "):
            modules.add(name)
            if id(plugin) in distributions:
                packages.update(_packages(distributions[id(plugin)]))
    return Machinery(frozenset(packages) - {"builtins"}, frozenset(modules) - {"builtins"})


def _packages(distribution: Any) -> Iterator[str]:
    """Yield the names of the packages that a distribution, as the plugin manager gives it, has installed."""
    for path in getattr(distribution, "files", None) or ():
        if path.suffix == ".py":
            yield path.parts[0] if len(path.parts) > 1 else path.stem


class Instances:
    """Tells instances that count from everything else; ``machinery`` is what runs the tests."""

    def __init__(self, runner: Machinery) -> None:
        self.machinery = runner
        self._modules: dict[str, bool] = {}

    def counts(self, kind: Any) -> bool:
        """Tell whether objects of a type count."""
        if issubclass(kind, _PASSED_OVER) or issubclass(kind, (partial, MEMO)):
            return False
        if issubclass(kind, BaseException):
            return True
        module = _module_of(kind)
        if not is_a(module, str):
            return False
        if module not in self._modules:
            self._modules[module] = self._is_written(module)
        return self._modules[module]

    def _is_written(self, name: str) -> bool:
        """Tell whether the classes of a module count: no C code of the interpreter, and nothing of pytest."""
        if self.machinery.owns_module(name) or name in _CARRIERS:
            return False
        file: Any = contents(sys.modules[name]).get("__file__") if name in sys.modules else None
        if not is_a(file, str):
            return name == "__main__"
        return file.endswith(".py") or not definitions.is_standard(file)

    def among(self, objects: Sequence[Any]) -> list[Any]:
        """Return those objects that count."""
        kinds = {kind for kind in set(map(type, objects)) if self.counts(kind)}
        return [obj for obj in objects if type(obj) in kinds] if kinds else []

    def nearest(self, start: Any, young: dict[int, Any]) -> list[Any]:
        """Return the young instances that a container keeps, itself or through other young containers and functions."""
        found: dict[int, Any] = {}
        seen: set[int] = set()
        level = [start, *tables(start)]
        while level and len(seen) < NODES:
            following = []
            for child in get_referents(*level):
                place = id(child)
                if place in seen or place not in young:
                    continue
                seen.add(place)
                if self.counts(type(child)):
                    found[place] = child
                elif not is_a(child, _PASSED_OVER):
                    following.append(child)
            level = following
        return list(found.values())


def tables(memo: Any) -> list[Any]:
    """Return the dicts in which a memoiser keeps its entries, and its own; of anything else none."""
    return [child for child in get_referents(memo) if type(child) is dict] if is_a(memo, MEMO) else []


def parts(starts: Sequence[Any], young: dict[int, Any]) -> set[int]:
    """Return the identities of the young objects that lead on from ``starts``, these included."""
    seen = {id(obj) for obj in starts}
    level = list(starts)
    while level and len(seen) < NODES:
        fresh = {id(child): child for child in get_referents(*level) if id(child) in young and id(child) not in seen}
        seen.update(fresh)
        level = [child for child in fresh.values() if not is_a(child, (type, ModuleType))]
    return seen


def by_identity(keys: Sequence[Any], kept: Sequence[Any]) -> bool:
    """Tell whether one of the keys is or names one of the objects that are kept, so that no other object can have its entry.

    Of a weak key it is enough that what is kept refers to it: then it never dies.
    """
    places = {id(obj) for obj in kept}
    inner = get_referents(*kept)
    held = places.union(map(id, inner), map(id, get_referents(*[obj for obj in inner if type(obj) is dict])))
    for key in keys:
        for part in _parts_of_key(key):
            if id(part) in places and _compares_by_identity(type(part)):
                return True
            if (type(part) is int and part in places) or (is_a(part, ref) and id(part()) in held):
                return True
    return False


def equal_by_value(objects: Sequence[Any]) -> bool:
    """Tell whether all of them may be equal to other objects, so that a set takes each but once."""
    return not any(_compares_by_identity(type(obj)) for obj in objects)


def _parts_of_key(key: Any) -> Iterator[Any]:
    yield key
    if is_a(key, _CONTAINERS) and not is_a(key, dict):
        yield from get_referents(key)


def _compares_by_identity(kind: Any) -> bool:
    return next(contents(base)["__eq__"] for base in kind.__mro__ if "__eq__" in contents(base)) is _IDENTITY


_IDENTITY: Any = object.__dict__["__eq__"]


def class_name(kind: Any) -> str:
    """Return ``module:Qualified.Name`` of a class, of the interpreter's own types the name alone."""
    module, name = _module_of(kind), type.__dict__["__qualname__"].__get__(kind)
    return f"{name}" if module == "builtins" or not is_a(module, str) else f"{labels.module_name(module)}:{name}"


def names(objects: Sequence[Any]) -> dict[str, int]:
    """Return how many objects there are of each class, by ``module:Qualified.Name``."""
    found: dict[str, int] = {}
    for obj in objects:
        name = class_name(type(obj))
        found[name] = found.get(name, 0) + 1
    return found
