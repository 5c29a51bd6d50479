"""Containers on objects that are said to live as long as the process: such an object is found where the program has it.

``Space.handlers`` may be an attribute of each space. Whether it grows is seen on one that a module or a class leads to.
"""

from __future__ import annotations

import dis
import importlib
import sys
from contextlib import suppress
from typing import Any, NamedTuple

from . import build, callers
from .act import finished
from .early import FunctionType, ModuleType, contents, get_referents, is_a
from .holder import ABSENT, Holder, lookup, mro_of, parts_of
from .seats import package
from .wire import WireProbe

NODES = 100_000
NEAR = 5  # objects of a class that are looked into for the one with the container
DEPTH = 2  # of inner containers whose entries count, as in experiments
_EXAMPLES = {"example", "examples", "demo", "demos", "sample", "samples", "test", "tests", "tutorial", "tutorials"}
_COUNTED = ("dict", "list", "set", "deque", "defaultdict", "OrderedDict")


class KeptObject(NamedTuple):
    """``holder`` is the container's place and ``empty`` its size now; ``module`` is the one that was analysed.

    ``way`` are the objects that the path of the finding names, from a module's variable to the one with the container.
    """

    holder: Holder
    empty: int
    module: Any
    way: tuple[Any, ...] = ()

    def of_kind(self, kind: Any) -> Any:
        """Return the object of a class that has the container, or that leads to it, or None.

        It is one that a module or class has by a name, or that the finding's path names: the methods of what lies deeper
        are not what users call.
        """
        near = [obj for obj in (*self.way, *_roots(self.module)) if is_a(obj, kind)][:NEAR]
        return next((obj for obj in near if any(below is self.holder.owner for below in reached_from([obj]))), None)


def find(probe: WireProbe, module: Any) -> KeptObject | None:
    """Return the container of a probe that names none by a path, on an object of the class that its symbol names.

    The object is one to which the modules and classes of the program lead once they are imported.
    """
    if not is_of_objects(probe):
        return None
    kind, name = _named(probe)
    way = _followed(probe)
    for obj in (*way[::-1], *reached_from([*way, *_roots(module)])):
        held = _own(obj).get(name) if is_a(obj, kind) else None
        if held is not None and list(parts_of(held)):
            home = sys.modules.get(kind.__module__)
            holder = Holder(f"{kind.__qualname__}.{name}", probe.container_kind, (home, obj), name)
            return KeptObject(holder, holder.size(DEPTH) or 0, module, way)
    return None


def _followed(probe: WireProbe) -> tuple[Any, ...]:
    """Return the objects on the path of a finding, as far as it leads: the module that has the first is imported, and where
    an attribute is still to be set, the public methods that set it are called.
    """
    home, _, variable = (probe.path[0] if probe.path else "").rpartition(".")
    if home not in sys.modules and "." not in home:  # perhaps a script, which does what it is for
        return ()
    try:
        module = importlib.import_module(home)
        set_up_variable(module, variable)
        obj: Any = lookup(module, variable)
    except Exception:
        return ()
    way = []
    for name in probe.path[1:]:
        if obj is ABSENT or obj is None or _is_wall(obj):
            break
        way.append(obj)
        following = lookup(obj, name)
        if following is ABSENT or following is None:
            _set_up(obj, name)
            following = lookup(obj, name)
        obj = following
    return tuple(way)


def set_up_variable(module: Any, name: str) -> None:
    """Call the public functions of a module that set a variable of it and need no arguments, until it is set."""
    for function in list(contents(module).values()):
        if lookup(module, name) not in (ABSENT, None):
            return
        if (
            not is_a(function, FunctionType)
            or function.__name__.startswith("_")
            or function.__module__ != module.__name__
        ):
            continue
        stores = [item.argval for item in dis.get_instructions(function) if item.opname == "STORE_GLOBAL"]
        if name in stores and not build.required(build.describe(function)[0]):
            with suppress(Exception):
                finished(function())


def _set_up(obj: Any, name: str) -> None:
    """Call the public methods of an object that set an attribute of it, until it has that."""
    for method in callers.setting(type(obj), name):
        for arguments in build.call(getattr(obj, method)):
            call = arguments(0)
            with suppress(Exception):
                finished(getattr(obj, method)(*call.args, **call.kwargs))
            if lookup(obj, name) not in (ABSENT, None):
                return


def _roots(module: Any) -> list[Any]:
    """Return what the modules of a program's package, and the classes that they define, have as attributes."""
    found: list[Any] = []
    for home in package(module):
        for value in list(contents(home).values()):
            if is_a(value, type) and value.__module__ == home.__name__:
                found += [item for item in list(contents(value).values()) if not _is_wall(item)]
            elif not _is_wall(value):
                found.append(value)
    return found


def _is_wall(obj: Any) -> bool:
    return is_a(obj, (ModuleType, type, FunctionType))


def only_in_an_example(probe: WireProbe) -> str:
    """Return the variable that leads to a probe's container, if it is one of an example or a test that nobody imports."""
    if not is_of_objects(probe) or not probe.path:
        return ""
    parts = probe.path[0].split(".")
    loaded = any(
        ".".join(parts[:count]) in sys.modules for count in range(2, len(parts)) if _EXAMPLES & set(parts[:count])
    )
    return probe.path[0] if _EXAMPLES & set(parts[1:-1]) and not loaded else ""


def is_of_objects(probe: WireProbe) -> bool:
    """Tell whether the container of a probe is an attribute of each object of a class, which no path names."""
    return not probe.container and probe.container_kind in _COUNTED and _named(probe)[0] is not None


def _named(probe: WireProbe) -> tuple[Any, str]:
    """Return the class and attribute that a symbol names, the attribute as it is stored; (None, "") for another one."""
    home, _, path = probe.symbol.partition(":")
    owner: Any = sys.modules.get(home)
    names = path.split(".")
    for name in names[:-1]:
        owner = lookup(owner, name) if owner is not None else ABSENT
    if not is_a(owner, type):
        return None, ""
    private = names[-1].startswith("__") and not names[-1].endswith("__")
    return owner, "_{}{}".format(owner.__name__.lstrip("_"), names[-1]) if private else names[-1]


def reached_from(starts: list[Any]) -> list[Any]:
    """Return objects and what they lead to, nearest first; not through modules, classes and functions."""
    found = list({id(obj): obj for obj in starts}.values())
    seen, level = set(map(id, found)), found
    while level and len(found) < NODES:
        following = []
        for child in get_referents(*level):
            if id(child) not in seen and not _is_wall(child):
                seen.add(id(child))
                following.append(child)
        found = found + following
        level = following
    return found


def _own(obj: Any) -> dict[str, Any]:
    """Return the attributes that an object has itself, those in slots included."""
    found: dict[str, Any] = {}
    for base in mro_of(type(obj)):
        slots = contents(base).get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else tuple(slots):
            value = lookup(obj, name)
            if value is not ABSENT:
                found[name] = value
    with suppress(AttributeError):
        found.update(object.__getattribute__(obj, "__dict__"))
    return found
