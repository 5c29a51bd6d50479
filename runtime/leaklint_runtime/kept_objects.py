"""Containers on objects that are said to live as long as the process: such an object is found, or made and kept.

``Space.handlers`` may be an attribute of each space. Whether it grows is seen on one of them that stays.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import Any, NamedTuple

from . import build, ladder
from .early import FunctionType, ModuleType, contents, get_referents, is_a
from .holder import ABSENT, Holder, lookup, mro_of, parts_of
from .seats import seats
from .wire import WireProbe

NODES = 20_000
DEPTH = 2  # of inner containers whose entries count, as in experiments
_COUNTED = ("dict", "list", "set", "deque", "defaultdict", "OrderedDict")


class KeptObject(NamedTuple):
    """``holder`` is the container's place and ``empty`` its size now; ``root`` is the object that leads to it.

    ``made`` tells that the root was made for the experiment.
    """

    holder: Holder
    root: Any
    made: bool
    empty: int


def find(probe: WireProbe, module: Any, subject: Any) -> KeptObject | None:
    """Return the container of a probe that names none by a path, on an object of the class that its symbol names.

    ``subject`` is the class of the act: the object is one of the program's own, or else one that is made, of the
    container's class or of the subject's.
    """
    if not is_of_objects(probe):
        return None
    kind, name = _named(probe)
    for option in (kind, subject):
        for seat in seats(option, module) if is_a(option, type) else ():
            found = _from(seat.obj, kind, name, probe)
            if found is not None:
                return KeptObject(found, seat.obj, False, found.size(DEPTH) or 0)
    for option in dict.fromkeys(option for option in (subject, kind) if is_a(option, type)):
        try:
            root = ladder.construct(option).call(0)
        except build.CannotBuildError:
            continue
        found = _from(root, kind, name, probe)
        if found is not None:
            return KeptObject(found, root, True, found.size(DEPTH) or 0)
    return None


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


def _from(root: Any, kind: Any, name: str, probe: WireProbe) -> Holder | None:
    """Return the holder on the first object of a class that ``root`` is or leads to, whose attribute is a container."""
    for obj in reached_from(root):
        if is_a(obj, kind) and name in _own(obj):
            held = _own(obj)[name]
            if held is not None and list(parts_of(held)):
                home = sys.modules.get(kind.__module__)
                return Holder(f"{kind.__qualname__}.{name}", probe.container_kind, (home, obj), name)
    return None


def reached_from(root: Any) -> list[Any]:
    """Return an object and what it leads to, nearest first; not through modules, classes and functions."""
    found, seen, level = [root], {id(root)}, [root]
    while level and len(found) < NODES:
        following = []
        for child in get_referents(*level):
            if id(child) not in seen and not is_a(child, (ModuleType, type, FunctionType)):
                seen.add(id(child))
                following.append(child)
        found += following
        level = following
    return found


def of_kind(root: Any, kind: Any) -> Any:
    """Return the first object of a class that ``root`` is or leads to, or None."""
    return next((obj for obj in reached_from(root) if is_a(obj, kind)), None)


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
