"""Registries of the interpreter and of the standard library: which of the growing containers is one of them.

Some have no name that leads to them: the lists behind ``os.register_at_fork`` or ``codecs.register`` are held by C code. They
are told by experiment: in a copy of the process a mark is registered, and the container that has it then is the registry.
"""

from __future__ import annotations

import codecs
import logging
import os
import sys
import threading
import weakref
from typing import Any, Callable, Sequence

from .. import clone
from ..early import is_a
from .candidates import Candidate
from .measures import length_of

_MARKS: tuple[tuple[str, Callable[[Any], Any]], ...] = (
    ("os.register_at_fork", lambda mark: os.register_at_fork(before=mark, after_in_child=mark, after_in_parent=mark)),
    ("codecs.register", codecs.register),
    ("codecs.register_error", lambda mark: codecs.register_error("leaklint", mark)),
    ("sys.addaudithook", sys.addaudithook),
)
KINDS = {"os.register_at_fork": "fork", "atexit.register": "atexit"}


def _mark(*arguments: Any) -> None:
    """Do nothing; registered in a copy of the process."""


def identify(objects: Sequence[Any], seconds: float = 10.0) -> dict[int, str]:
    """Return for the places of those objects that are registries of C code what registers there, ``os.register_at_fork``."""
    if not objects:
        return {}
    outcome = clone.run(lambda: _marked(objects), seconds)
    return {int(place): name for place, name in outcome.value.items()}


def _marked(objects: Sequence[Any]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, register in _MARKS:
        before = [length_of(obj) for obj in objects]
        try:
            register(_mark)
        except Exception:
            continue
        for place, obj in enumerate(objects):
            if length_of(obj) > before[place]:
                found[str(place)] = name
    return found


def kind_of_registry(candidate: Candidate) -> str:
    """Return what a registry of the interpreter or the standard library is for (see ``GrowingHolder``); empty for others."""
    obj = candidate.obj
    if candidate.label.symbol in KINDS:
        return KINDS[candidate.label.symbol]
    if obj is threading._active:  # type: ignore[attr-defined]
        return "thread"
    if obj is weakref.finalize._registry:  # type: ignore[attr-defined]
        return "finalize"
    if obj is logging.root.manager.loggerDict:
        return "logger"
    return "logger" if is_a(candidate.label.inside, logging.Filterer) else ""
