"""Functions taken before any foreign module is imported.

A target may replace ``gc.collect``, ``weakref.ref`` or ``os.write``, by design (a monkeypatching framework) or to hide.
What is measured with must be the interpreter's own, so every module here takes these names from this one, which is
loaded first.
"""

from __future__ import annotations

import os
from gc import (
    collect,
    disable,
    enable,
    freeze,
    get_freeze_count,
    get_objects,
    get_referents,
    get_referrers,
    is_tracked,
    isenabled,
    unfreeze,
)
from os import _exit as leave
from sys import getallocatedblocks, getrefcount, getsizeof
from time import perf_counter, process_time, sleep
from types import FunctionType, ModuleType
from typing import Any
from weakref import ref


def optional(name: str) -> Any:
    """Return a module of the standard library that not every platform has, or None."""
    try:
        return __import__(name)
    except ImportError:
        return None


def is_a(obj: Any, kinds: Any) -> bool:
    """Tell whether an object's type is one of ``kinds``; ``isinstance`` would also ask the object itself what it is.

    Of a class that refuses to be asked, such as a typed dictionary or a protocol, nothing is one.
    """
    try:
        return issubclass(type(obj), kinds)
    except TypeError:
        return False


def contents(owner: Any) -> Any:
    """Return the namespace of a class, or of a module or other object that has one, past any override.

    Raises ``AttributeError`` if there is none.
    """
    return _class_dict(owner) if is_a(owner, type) else object.__getattribute__(owner, "__dict__")


_class_dict = type.__dict__["__dict__"].__get__
close, read, write, urandom, kill = os.close, os.read, os.write, os.urandom, os.kill
fork = getattr(os, "fork", None)
waitpid = getattr(os, "waitpid", None)

__all__ = [
    "FunctionType",
    "ModuleType",
    "close",
    "collect",
    "contents",
    "disable",
    "enable",
    "fork",
    "freeze",
    "get_freeze_count",
    "get_objects",
    "get_referents",
    "get_referrers",
    "getallocatedblocks",
    "getrefcount",
    "getsizeof",
    "is_a",
    "is_tracked",
    "isenabled",
    "kill",
    "leave",
    "optional",
    "perf_counter",
    "process_time",
    "read",
    "ref",
    "sleep",
    "unfreeze",
    "urandom",
    "waitpid",
    "write",
]
