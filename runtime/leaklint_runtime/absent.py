"""Packages that the program imports and that are not installed: stand-ins for them, as long as these decide nothing.

A finding in a module that needs an optional package is about the program's own code. The stand-in lets that run, and notes
how it was used: as it keeps nothing itself, it refutes nothing, and where a test, a comparison or a key came from it, nothing
is shown at all.
"""

from __future__ import annotations

import abc
import importlib.util
import sys
from dataclasses import replace
from importlib.machinery import ModuleSpec
from typing import Any

from .early import ModuleType
from .stubs import Stub
from .wire import CONFIRMED, UNREACHED, WireVerdict, unreached

MOST = 3  # packages; where more are missing, this is not the program's environment
NEWEST = "9999.0"  # the version that a stand-in gives as its own
_FAILURES = ("Error", "Exception", "Warning")
_names: list[str] = []
_used: dict[str, bool] = {}


class Unknown(Stub):
    """What a package has that is not installed. It notes that it was used, and that it decided something."""

    def _another(self) -> Any:
        _used["at all"] = True
        return Unknown()


def _deciding(name: str) -> Any:
    answer = getattr(Stub, name)

    def decide(self: Any, *args: Any) -> Any:
        _used["deciding"] = True
        return answer(self, *args)

    return decide


for _name in ("bool", "eq", "hash", "len", "iter", "contains", "lt", "gt", "le", "ge", "int", "index", "float", "str"):
    setattr(Unknown, f"__{_name}__", _deciding(f"__{_name}__"))


class UnknownKind(abc.ABCMeta):
    """The type of the classes of a package that is not installed: what such a class has itself is unknown, too."""

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)
        _used["at all"] = True
        return Unknown()


class UnknownObject(Unknown, metaclass=UnknownKind):
    """An object of a class, or of one below a class, of a package that is not installed."""

    __setattr__: Any = object.__setattr__
    __delattr__ = object.__delattr__

    def __init__(self, *_: Any, **__: Any) -> None:
        """Take anything and keep nothing."""
        _used["at all"] = True

    def __init_subclass__(cls, **_: Any) -> None:
        """Take what the class that this one stands for may take."""

    def __class_getitem__(cls, _: Any) -> Any:
        return cls


class _Module(ModuleType):
    def __getattr__(self, name: str) -> Any:
        if name == "__version__":
            return NEWEST
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)
        made: Any = Unknown()
        if name.endswith(_FAILURES):
            made = type(name, (Exception,), {"__module__": self.__name__})
        elif name[:1].isupper() and not name.isupper():
            made = UnknownKind(name, (UnknownObject,), {"__module__": self.__name__})
        setattr(self, name, made)
        return made


class _Finder:
    """Finds, after all others, the packages that are stood in for, and whatever is below them."""

    @staticmethod
    def find_spec(name: str, *_: Any) -> ModuleSpec | None:
        known = name.partition(".")[0] in _names
        return ModuleSpec(name, _Finder, is_package=True) if known else None  # type: ignore[arg-type]

    @staticmethod
    def create_module(spec: ModuleSpec) -> ModuleType:
        return _Module(spec.name)

    @staticmethod
    def exec_module(module: ModuleType) -> None:
        """There is nothing in it."""


def stands_for(error: BaseException, program: str) -> bool:
    """Let a stand-in take the place of the package for want of which something failed; tell whether there is one now.

    The analysed program's own modules and those of the standard library have none.
    """
    name = _missing(error)
    usual = getattr(sys, "stdlib_module_names", ())
    if not name or name in usual or name in _names or name == program.partition(".")[0] or len(_names) == MOST:
        return False
    try:
        if importlib.util.find_spec(name) is not None:
            return False
    except (ImportError, ValueError):
        return False
    if not _names:
        sys.meta_path.append(_Finder)
    _names.append(name)
    return True


def _missing(error: BaseException | None) -> str:
    """Return the top name of the module that was not found, which an error tells of or came from; nothing if there is none."""
    seen: list[int] = []
    while error is not None and id(error) not in seen:
        if isinstance(error, ModuleNotFoundError) and error.name:
            return str(error.name).partition(".")[0]
        seen.append(id(error))
        error = error.__cause__ or error.__context__
    return ""


def forget() -> None:
    """From now on note anew how the stand-ins are used."""
    _used.clear()


def weighed(verdict: WireVerdict, stayed: Any) -> WireVerdict:
    """Return what a verdict is worth, given what stand-ins did since ``forget``; ``stayed`` is the type of what stays."""
    if not _names or verdict.status == UNREACHED:
        return verdict
    if "deciding" in _used or issubclass(stayed, Unknown):
        return unreached(f"{_lacking()}, and what stands in for it decides what runs")
    if verdict.status != CONFIRMED and _used:
        return unreached(f"{_lacking()}, and what stands in for it keeps nothing")
    return replace(verdict, made_by=f"{verdict.made_by}, with a stand-in for {' and '.join(_names)}")


def told(verdict: WireVerdict) -> WireVerdict:
    """Return a verdict whose reason says what is missing, if that may be why nothing was reached."""
    if not _names or verdict.status != UNREACHED or _lacking() in verdict.reason:
        return verdict
    return replace(verdict, reason=f"{verdict.reason}; {_lacking()}")


def _lacking() -> str:
    return ", ".join([f"No module named {name!r}" for name in _names])
