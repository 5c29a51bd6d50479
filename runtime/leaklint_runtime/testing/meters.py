"""Did a test fill the flagged holder, even if nothing of it is left?

The functions that name the holder, and the one that the finding says fills it, report when they return: the holder is
read then, while the objects still live. From Python 3.12 on ``sys.monitoring`` tells of these functions alone and leaves
the program as it is. Before, they are wrapped where they stand, which a traceback shows; generators and coroutines are
left alone there.
"""

from __future__ import annotations

import functools
import sys
from types import CodeType
from typing import Any, Callable, Iterator, NamedTuple

from ..early import FunctionType, ModuleType, contents, is_a
from ..holder import mro_of

_DELAYED = 0x20 | 0x80 | 0x200  # generators, coroutines, asynchronous generators
_TOOLS = (4, 3)
Report = Callable[[], None]


class Place(NamedTuple):
    """A function where it stands: ``raw`` is the attribute ``name`` of ``owner``, ``function`` what is inside of it."""

    owner: Any
    name: str
    raw: Any
    function: Any


def places(module: Any, words: tuple[str, ...]) -> list[Place]:
    """Return the functions of a module and of its classes whose code uses one of the names."""
    owners = [module, *_classes(module)]
    return [
        place
        for owner in owners
        for place in _functions(owner)
        if _home(place.function, module) and any(word in _names(place.function.__code__) for word in words)
    ]


def constructors(kind: Any) -> list[Place]:
    """Return the Python functions that make an instance of a class: the nearest ``__init__`` and ``__new__``."""
    found = []
    for name in ("__init__", "__new__", "__post_init__"):
        owner = next((base for base in mro_of(kind) if name in contents(base)), None)
        found += [place for place in _functions(owner) if place.name == name] if owner is not None else []
    return found


def named(owner: Any, name: str) -> list[Place]:
    """Return the function that an attribute of a module or a class is, if it is one."""
    if is_a(owner, type):
        owner = next((base for base in mro_of(owner) if name in contents(base)), owner)
    return [place for place in _functions(owner) if place.name == name]


def _classes(module: Any) -> Iterator[Any]:
    pending = [module]
    name = contents(module).get("__name__")
    for owner in pending:
        for value in list(contents(owner).values()):
            if (
                is_a(value, type)
                and contents(value).get("__module__") == name
                and not any(value is known for known in pending)
            ):
                pending.append(value)
    yield from pending[1:]


def _functions(owner: Any) -> Iterator[Place]:
    for name, raw in list(contents(owner).items()):
        inner = raw.__func__ if is_a(raw, (classmethod, staticmethod)) else raw.fget if is_a(raw, property) else raw
        if is_a(inner, FunctionType):
            yield Place(owner, name, raw, inner)


def _home(function: Any, module: Any) -> bool:
    return bool(function.__globals__ is contents(module))


def _names(code: CodeType) -> set[str]:
    """Return the names that a function and those inside of it use."""
    found = {*code.co_names, *code.co_varnames, *code.co_freevars}
    for inner in code.co_consts:
        if is_a(inner, CodeType):
            found |= _names(inner)
    return found


class Meters:
    """Calls reports when functions return, until ``remove``."""

    def __init__(self) -> None:
        self._reports: dict[CodeType, list[Report]] = {}
        self._wrapped: list[tuple[Any, str, Any, Any]] = []
        self._tool = -1
        monitoring: Any = getattr(sys, "monitoring", None)
        for tool in _TOOLS if monitoring is not None else ():
            if monitoring.get_tool(tool) is None:
                monitoring.use_tool_id(tool, "leaklint")
                self._tool = tool
                break
        if self._tool >= 0:
            monitoring.register_callback(self._tool, monitoring.events.PY_RETURN, self._returned)
            monitoring.register_callback(self._tool, monitoring.events.PY_YIELD, self._returned)

    def add(self, functions: list[Place], report: Report) -> None:
        """Call ``report`` whenever one of the functions has returned (or yielded)."""
        for code in {place.function.__code__: None for place in functions}:
            self._reports.setdefault(code, []).append(report)
        if self._tool >= 0:
            monitoring: Any = sys.monitoring  # type: ignore[attr-defined,unused-ignore]
            for place in functions:
                events = monitoring.events.PY_RETURN | monitoring.events.PY_YIELD
                monitoring.set_local_events(self._tool, place.function.__code__, events)
            return
        for place in functions:
            if not place.function.__code__.co_flags & _DELAYED:
                self._wrap(place)

    def _returned(self, code: CodeType, *_: Any) -> None:
        for report in self._reports.get(code, ()):
            report()

    def _wrap(self, place: Place) -> None:
        if any(owner is place.owner and name == place.name for owner, name, _, _ in self._wrapped):
            return
        wrapper = _wrapper(place.function, _Reports(self._reports[place.function.__code__]))
        changed = wrapper
        if is_a(place.raw, (classmethod, staticmethod)):
            changed = type(place.raw)(wrapper)
        elif is_a(place.raw, property):
            changed = type(place.raw)(wrapper, place.raw.fset, place.raw.fdel, place.raw.__doc__)
        for owner, name in _everywhere(place):
            try:
                setattr(owner, name, changed)
            except Exception:
                continue
            self._wrapped.append((owner, name, place.raw, changed))

    def remove(self) -> None:
        """Put everything back as it was, where nobody has changed it since."""
        if self._tool >= 0:
            monitoring: Any = sys.monitoring  # type: ignore[attr-defined,unused-ignore]
            for code in self._reports:
                monitoring.set_local_events(self._tool, code, 0)
            for event in (monitoring.events.PY_RETURN, monitoring.events.PY_YIELD):
                monitoring.register_callback(self._tool, event, None)
            monitoring.free_tool_id(self._tool)
            self._tool = -1
        for owner, name, raw, changed in self._wrapped:
            if contents(owner).get(name) is changed:
                setattr(owner, name, raw)
        self._wrapped.clear()
        self._reports.clear()


class _Reports:
    """Reports in no container that a search for the holder's entries would take for one."""

    __slots__ = ("all",)

    def __init__(self, reports: list[Report]) -> None:
        self.all = reports


def _wrapper(function: Any, reports: _Reports) -> Any:
    @functools.wraps(function)
    def measured(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        finally:
            for report in reports.all:
                report()

    return measured


def _everywhere(place: Place) -> Iterator[tuple[Any, str]]:
    """Yield where the function is known by name: its owner, and modules that have imported it."""
    yield place.owner, place.name
    if not is_a(place.owner, ModuleType):
        return
    for module in list(sys.modules.values()):
        if is_a(module, ModuleType) and module is not place.owner:
            for name, value in list(contents(module).items()):
                if value is place.raw:
                    yield module, name
