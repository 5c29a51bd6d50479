"""Would it die without the flagged holder? Tried in a process that is thrown away.

Seen is not proven: an object may sit in a container and be alive for another reason. Here the holder is emptied, and
the survivors must die; and where its entries can be held weakly, a weak twin takes its place, and new objects must die.
"""

from __future__ import annotations

import atexit
import logging
import os
import threading
import weakref
from contextlib import suppress
from json import loads
from typing import Any, Callable, NamedTuple

from . import channel, early, sandbox, wire
from .early import is_a
from .holder import Holder
from .observe import Experiment
from .strategy import Make
from .trackers import ByReference, Tracker, tracker_for

NEW = 4
SECONDS = 2.0


class Counterfactual(NamedTuple):
    """``freed`` of ``survivors`` died when the holder was emptied (-1: could not be tried).

    ``kept`` of ``made`` new objects stayed alive with ``twin`` in the holder's place; ``twin`` is empty if none fits.
    """

    survivors: int = 0
    freed: int = -1
    twin: str = ""
    made: int = 0
    kept: int = 0

    def text(self, label: str) -> str:
        """Return what was found, in words."""
        if self.freed < 0:
            return ""
        found = f"emptying {label} frees {self.freed} of {self.survivors}"
        if self.freed < self.survivors:
            found += ", for something else keeps the rest as well"
        if self.twin:
            found += f"; with a {self.twin} in its place {self.kept} of {self.made} new ones stay"
        return found


def try_without(holder: Holder, rounds: Experiment, seconds: float = SECONDS) -> Counterfactual:
    """Empty the holder, then try its weak twin, in a forked child; nothing is changed here.

    Where there is no fork, or threads would make it unsafe, nothing is tried.
    """
    if early.fork is None or threading.active_count() > 1:
        return Counterfactual()
    return Counterfactual(**_elsewhere(lambda: _trial(holder, rounds), seconds))


def _trial(holder: Holder, rounds: Experiment) -> dict[str, Any]:
    tracker = rounds.tracker
    assert tracker is not None
    twin, name = _twin(holder.value() if holder.owner is not None else None, tracker.survivors(1))
    found = _emptied(holder, tracker)
    if twin is not None:
        with suppress(Exception):
            found.update(_twinned(holder, twin, rounds.make, rounds.warm + rounds.done), twin=name)
    return found


def _elsewhere(work: Callable[[], dict[str, Any]], seconds: float) -> dict[str, Any]:
    """Run ``work`` in a forked child and return its result; nothing if it fails or takes too long."""
    reading, writing = channel.pair()
    assert early.fork is not None
    assert early.waitpid is not None
    pid = early.fork()
    if pid == 0:
        try:
            sandbox.die_with_parent()
            early.write(writing, wire.dumps(work()).encode("ascii"))
        finally:
            early.leave(0)
    early.close(writing)
    data = early.read(reading, 4096) if channel.ready([reading], seconds) else b""
    early.close(reading)
    sandbox.end(pid)
    with suppress(ChildProcessError):
        early.waitpid(pid, os.WNOHANG)
    try:
        found: dict[str, Any] = loads(data.decode("ascii"))
    except ValueError:
        return {}
    return found


def _emptied(holder: Holder, tracker: Tracker) -> dict[str, Any]:
    before = tracker.alive()
    if not empty(holder):
        return {}
    early.collect()
    return {"survivors": before, "freed": before - tracker.alive()}


def empty(holder: Holder) -> bool:
    """Take everything out of the holder; False where that is not possible."""
    if holder.kind in _EMPTYING and holder.owner is None:
        _EMPTYING[holder.kind]()
        return True
    value = holder.value() if holder.owner is not None else None
    clear: Any = getattr(value, "cache_clear", None)
    if callable(value) and clear is not None:
        clear()
        return True
    parts = holder.parts()
    for part in parts:
        _kind_of(part).clear(part)
    return bool(parts)


def _kind_of(part: Any) -> Any:
    return next(kind for kind in type(part).__mro__ if kind.__module__ in ("builtins", "collections"))


def _no_handlers() -> None:
    loggers: list[Any] = [logging.root, *logging.root.manager.loggerDict.values()]
    for logger in loggers:
        if is_a(logger, logging.Logger):
            logger.handlers.clear()
    logging.root.manager.loggerDict.clear()


def _no_finalizers() -> None:
    weakref.finalize._registry.clear()  # type: ignore[attr-defined]


_EMPTYING: dict[str, Callable[[], Any]] = {
    "atexit": atexit._clear,
    "finalize": _no_finalizers,
    "logger": _no_handlers,
}


class WeakList(weakref.WeakSet):  # type: ignore[type-arg]
    """A weak set with the two methods by which lists are filled."""

    append = weakref.WeakSet.add

    def extend(self, entries: Any) -> None:
        """Add all."""
        self.update(entries)


def _twinned(holder: Holder, twin: Any, make: Make, number: int) -> dict[str, Any]:
    setattr(holder.owner, holder.name, twin)
    new = ByReference()
    for step in range(NEW):
        new.add(make(number + step))
    early.collect()
    return {"made": new.created, "kept": new.alive()}


def _twin(value: Any, survivors: list[Any]) -> tuple[Any, str]:
    """Return an empty weak container of the same use, and its name.

    None where the entries are not the objects themselves.
    """
    if not survivors or not is_a(tracker_for(survivors[0]), ByReference):
        return None, ""
    if type(value) is dict:
        if any(item is survivors[0] for item in value.values()):
            return weakref.WeakValueDictionary(), "WeakValueDictionary"
        if any(item is survivors[0] for item in value):
            return weakref.WeakKeyDictionary(), "WeakKeyDictionary"
    elif type(value) is list and any(item is survivors[0] for item in value):
        return WeakList(), "WeakSet"
    elif type(value) is set and any(item is survivors[0] for item in value):
        return weakref.WeakSet(), "WeakSet"
    return None, ""
