"""Values as a harvest writes them (see ``replay``): what can be made again from plain data, and nothing else."""

from __future__ import annotations

import collections
import datetime
import decimal
import enum
import fractions
import pathlib
import re
import sys
import uuid
from typing import Any, Callable

from ..early import FunctionType, ModuleType, is_a
from ..holder import ABSENT, lookup

DEPTH, WIDTH, TEXT, MOCKED = 6, 64, 10_000, 3
Value = Any
Find = Callable[[Any], Value]


class UnrecordableError(Exception):
    """A value that plain data cannot make again; the text names its class."""


def encode(value: Any, find: Find, depth: int = 0) -> Value:
    """Return the value as JSON. ``find`` returns how an object was made, or None. Raises ``UnrecordableError``."""
    kind = type(value)
    if value is None or kind in (bool, int, float) or (kind is str and len(value) <= TEXT):
        return value
    if depth > DEPTH:
        raise UnrecordableError("nested too deep")
    if kind in (list, tuple, set, frozenset) and len(value) <= WIDTH:
        return {kind.__name__: [encode(item, find, depth + 1) for item in value]}
    if kind is dict and len(value) <= WIDTH:
        pairs = [[encode(key, find, depth + 1), encode(item, find, depth + 1)] for key, item in value.items()]
        return {"dict": pairs}
    if kind in (bytes, bytearray) and len(value) <= TEXT:
        return {"bytes": bytes(value).hex()}
    made = _stdlib(value)
    if made is None:
        made = _collection(value, find, depth)
    if made is None and _is_mock(value):
        made = _mock(value, find, depth)
    if made is not None:
        return made
    if is_a(value, (type, FunctionType, ModuleType, enum.Enum)):
        return {"name": name_of(value)}
    found = find(value)
    if found is None:
        raise UnrecordableError(f"{kind.__module__}.{kind.__qualname__}")
    return found


def arguments(args: Any, kwargs: dict[str, Any], find: Find) -> tuple[list[Value], dict[str, Value]]:
    """Return the arguments of a call as JSON. Raises ``UnrecordableError``."""
    return [encode(item, find) for item in args], {name: encode(item, find) for name, item in kwargs.items()}


def _stdlib(value: Any) -> Value:
    """Return the call that makes a simple object of the standard library, or None."""
    kind = type(value)
    if is_a(value, pathlib.PurePath):
        name = "Path" if is_a(value, pathlib.Path) else "PurePath"
        return {"call": [f"pathlib:{name}", [str(value)], {}]}
    if kind is datetime.timedelta:
        return {"call": ["datetime:timedelta", [value.days, value.seconds, value.microseconds], {}]}
    if kind is datetime.datetime and value.tzinfo is None:
        return {"call": ["datetime:datetime.fromisoformat", [value.isoformat()], {}]}
    if kind is datetime.date:
        return {"call": ["datetime:date", [value.year, value.month, value.day], {}]}
    if kind in (decimal.Decimal, fractions.Fraction, uuid.UUID):
        return {"call": [f"{kind.__module__.lstrip('_')}:{kind.__name__}", [str(value)], {}]}
    if kind is re.Pattern and type(value.pattern) is str:
        return {"call": ["re:compile", [value.pattern, int(value.flags)], {}]}
    return None


def _collection(value: Any, find: Find, depth: int) -> Value:
    """Return the call that makes an ordered or default dictionary or a deque, or None."""
    kind = type(value)
    if kind in (collections.OrderedDict, collections.defaultdict) and len(value) <= WIDTH:
        pairs = [
            {"tuple": [encode(key, find, depth + 1), encode(item, find, depth + 1)]} for key, item in value.items()
        ]
        first = [] if kind is collections.OrderedDict else [encode(value.default_factory, find, depth + 1)]
        return {"call": [f"collections:{kind.__name__}", [*first, {"list": pairs}], {}]}
    if kind is collections.deque and len(value) <= WIDTH:
        items = [encode(item, find, depth + 1) for item in value]
        return {"call": ["collections:deque", [{"list": items}, value.maxlen], {}]}
    return None


def _is_mock(value: Any) -> bool:
    mocks = sys.modules.get("unittest.mock")
    return mocks is not None and is_a(value, mocks.NonCallableMock)


def _mock(value: Any, find: Find, depth: int) -> Value:
    """Return a mock by its class, the class that it stands for, and what it was told to return so far."""
    mocks: Any = sys.modules["unittest.mock"]
    returned: dict[str, Value] = {}
    waiting = [("", value)]
    while waiting and len(returned) <= WIDTH:
        path, item = waiting.pop()
        own = object.__getattribute__(item, "__dict__")
        given = own.get("_mock_return_value", mocks.DEFAULT)
        if given is not mocks.DEFAULT and not _is_mock(given):
            returned[f"{path}return_value"] = encode(given, find, depth + 1)
        children = [
            (f"{path}{name}.", child) for name, child in own.get("_mock_children", {}).items() if _is_mock(child)
        ]
        waiting += children if path.count(".") < MOCKED else []
    kind = next(base for base in type(value).__mro__ if base.__module__ == "unittest.mock")
    spec = object.__getattribute__(value, "__dict__").get("_spec_class")
    return {"mock": [kind.__name__, name_of(spec) if spec is not None else None, returned]}


def name_of(value: Any) -> str:
    """Return ``module:Qualified.Name`` of what can be found by it. Raises ``UnrecordableError``."""
    if is_a(value, ModuleType):
        place, path = value.__name__, ""
    elif is_a(value, enum.Enum):
        place, path = type(value).__module__, f"{type(value).__qualname__}.{value.name}"
    else:
        place, path = value.__module__, value.__qualname__
    found: Any = sys.modules.get(place) if place != "__main__" else None
    for name in path.split(".") if path and found is not None else ():
        found = getattr(found, name, ABSENT) if is_a(found, enum.EnumMeta) else lookup(found, name)
    if found is not value:
        raise UnrecordableError(f"{place}:{path or '?'}, which no name leads to")
    return f"{place}:{path}"
