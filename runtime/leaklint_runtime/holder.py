"""The flagged holder: find it by its attribute path, and read it without running any of the target's code.

Sizes are counts of entries. A holder is read through its *parts*, the built-in containers that store its entries: a
dict is its own part, a weak container's part is its inner dict or set, a function's parts are the containers in its
closure, its defaults and its attributes, and any other object's parts are the containers among its own attributes.
"""

from __future__ import annotations

import atexit
import logging
import sys
import threading
import weakref
from collections import deque
from typing import Any, Iterator, NamedTuple

from .early import FunctionType, ModuleType, contents, is_a
from .seats import seats

BUILT_IN: tuple[Any, ...] = (dict, list, set, deque)
NESTED = 10_000
ABSENT = object()
WEAK: tuple[Any, ...] = (weakref.WeakValueDictionary, weakref.WeakKeyDictionary, weakref.WeakSet)


class Holder(NamedTuple):
    """Where the entries are kept.

    ``owners`` are the objects from the module to the one whose attribute ``name`` it is, so that a rebinding is
    noticed; ``label`` is the path as it was given. A holder that lives in the interpreter (``atexit``) has no owner.
    """

    label: str
    kind: str
    owners: tuple[Any, ...]
    name: str

    @property
    def owner(self) -> Any:
        """Return the object whose attribute the holder is, or None."""
        return self.owners[-1] if self.owners else None

    def value(self) -> Any:
        """Return the object at the path now, or None."""
        found = lookup(self.owner, self.name) if self.owner is not None else ABSENT
        return None if found is ABSENT else unwrap(found)

    @property
    def readable(self) -> bool:
        """Tell whether a search from the holder sees all that it holds."""
        return self.owner is not None and bool(self.parts() or _cache_info(self.value()) is not None)

    def leading(self) -> list[Any]:
        """Return the objects from the module to the holder itself, with the descriptor it may be wrapped in."""
        raw = lookup(self.owner, self.name)
        return [*self.owners, *([] if raw is self.value() else [raw]), self.value()]

    def parts(self) -> list[Any]:
        """Return the built-in containers that store this holder's entries."""
        registry: Any = _REGISTRIES.get(self.kind)
        if self.owner is None:
            return registry() if registry else []
        return list(parts_of(self.value()))

    def size(self, depth: int = 0) -> int | None:
        """Return the number of entries, with those of inner containers to ``depth``; None if nothing can be counted."""
        if self.owner is None:
            counter: Any = _COUNTERS.get(self.kind)
            return counter() if counter else None
        value = self.value()
        info = _cache_info(value)
        if info is not None:
            return int(info.currsize)
        parts = list(parts_of(value))
        return sum(entries(part, depth) for part in parts) if parts else None

    def bound(self) -> int | None:
        """Return the largest number of entries that the holder itself says it keeps, or None."""
        value = self.value() if self.owner is not None else None
        limit: Any = getattr(_cache_info(value), "maxsize", None)
        if is_a(value, deque):
            limit = deque.maxlen.__get__(value)
        return limit if is_a(limit, int) and not is_a(limit, bool) and limit > 0 else None


def find(module: Any, path: str, kind: str, subject: Any = None) -> Holder | None:
    """Return the holder at ``path`` in ``module``, or in the module that the path begins with (``a.b:C.table``); or None.

    A class may get its own container from its metaclass or base when it is made, so the last name of the path is also
    looked for on ``subject``, and then on the objects of the class that are as long-lived as it is.
    """
    if not path:
        return Holder(_CALLED[kind], kind, (), "") if kind in _COUNTERS else None
    home, _, inner = path.rpartition(":")
    owners: tuple[Any, ...] = (sys.modules.get(home, ABSENT) if home else module,)
    names = inner.split(".")
    for name in names[:-1]:
        owners = (*owners, lookup(owners[-1], name))
    if lookup(owners[-1], names[-1]) is not ABSENT:
        return Holder(path, kind, (*owners[:-1], _definer(owners[-1], names[-1])), names[-1])
    if is_a(subject, type) and lookup(subject, names[-1]) is not ABSENT:
        home = sys.modules.get(subject.__module__, module)
        return Holder(f"{subject.__name__}.{names[-1]}", kind, (home, _definer(subject, names[-1])), names[-1])
    if is_a(owners[-1], type):
        for seat in seats(owners[-1], module):
            if lookup(seat.obj, names[-1]) is not ABSENT:
                return Holder(path, kind, (*seat.owners, seat.obj), names[-1])
    return None


def of_function(owner: Any, name: str) -> Holder | None:
    """Return the function as the holder of what its default values keep, or None if none of these is a container."""
    function: Any = unwrap(lookup(owner, name)) if owner is not None else None
    if not is_a(function, FunctionType):
        return None
    defaults = [*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values()]
    if not any(is_a(value, BUILT_IN) for value in defaults):
        return None
    return Holder(f"the default value of {function.__qualname__}()", "closure", (owner,), name)


def _definer(owner: Any, name: str) -> Any:
    """Return the class among the bases of ``owner`` that has the attribute itself; anything else as it is."""
    if not is_a(owner, type):
        return owner
    return next((base for base in mro_of(owner) if name in contents(base)), owner)


def lookup(owner: Any, name: str) -> Any:
    """Return the attribute without invoking a descriptor where the owner is a class; ``ABSENT`` if there is none."""
    if owner is ABSENT:
        return ABSENT
    if is_a(owner, type):
        for base in mro_of(owner):
            if name in contents(base):
                return contents(base)[name]
        for base in mro_of(type(owner)):
            if name in contents(base) and base is not type:
                return contents(base)[name]
        return ABSENT
    if is_a(owner, ModuleType) and name in contents(owner):
        return contents(owner)[name]
    try:
        return getattr(owner, name)
    except Exception:
        return ABSENT


def mro_of(kind: Any) -> tuple[type, ...]:
    """Return the method resolution order as the interpreter keeps it."""
    found: tuple[type, ...] = type.__dict__["__mro__"].__get__(kind)
    return found


def unwrap(value: Any) -> Any:
    """Return the function inside a property, classmethod or staticmethod; anything else as it is."""
    if is_a(value, property):
        return unwrap(value.fget)
    if is_a(value, (classmethod, staticmethod)):
        return unwrap(value.__func__)
    return value


def _cache_info(value: Any) -> Any:
    """Return what a memoised callable says of its cache, or None."""
    ask: Any = getattr(value, "cache_info", None) if callable(value) else None
    return ask() if ask is not None else None


def parts_of(value: Any) -> Iterator[Any]:
    """Yield the built-in containers that store what ``value`` holds (see the module's description)."""
    if is_a(value, BUILT_IN):
        yield value
    elif is_a(value, WEAK):
        yield value.data
    elif is_a(value, FunctionType):
        cells = [_cell(cell) for cell in value.__closure__ or ()]
        defaults = [*(value.__defaults__ or ()), *(value.__kwdefaults__ or {}).values()]
        for inner in [*cells, *defaults, *contents(value).values()]:
            yield from _simple(inner)
    elif not is_a(value, (type, ModuleType)) and value is not None:
        for inner in list(_attributes(value).values()):
            yield from _simple(inner)


def _simple(value: Any) -> Iterator[Any]:
    if is_a(value, BUILT_IN):
        yield value
    elif is_a(value, WEAK):
        yield value.data


def _cell(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:
        return None


def _attributes(value: Any) -> Any:
    try:
        found = object.__getattribute__(value, "__dict__")
    except AttributeError:
        return {}
    return found if is_a(found, dict) else {}


def entries(part: Any, depth: int) -> int:
    """Count the entries of a built-in container and of the built-in containers in it, without the target's ``len``."""
    count = _length(part)
    if depth and 0 < count <= NESTED:
        inner = dict.values(part) if is_a(part, dict) else list.__iter__(part) if is_a(part, list) else ()
        count += sum([entries(item, depth - 1) for item in list(inner) if is_a(item, BUILT_IN)])
    return count


def _length(part: Any) -> int:
    for kind in BUILT_IN:
        if is_a(part, kind):
            return int(kind.__len__(part))
    return 0


def _loggers() -> list[Any]:
    known: list[Any] = [item for item in list(logging.root.manager.loggerDict.values()) if is_a(item, logging.Logger)]
    lists = [part for item in [logging.root, *known] for part in (item.handlers, item.filters)]
    handlers = [item for part in lists for item in part if is_a(item, logging.Handler)]
    return [logging.root.manager.loggerDict, *lists, *[item.filters for item in handlers]]


def _finalizers() -> list[Any]:
    return [weakref.finalize._registry]  # type: ignore[attr-defined]


_CALLED = {
    "atexit": "the exit handlers",
    "finalize": "the registry of finalizers",
    "thread": "the number of threads",
    "logger": "the tree of loggers",
}
_REGISTRIES = {"logger": _loggers, "finalize": _finalizers, "thread": lambda: [threading._active]}  # type: ignore[attr-defined]
_COUNTERS = {
    "atexit": atexit._ncallbacks,
    "finalize": lambda: len(weakref.finalize._registry),  # type: ignore[attr-defined]
    "thread": lambda: len(sys._current_frames()),
    "logger": lambda: sum(_length(part) for part in _loggers()),
}
