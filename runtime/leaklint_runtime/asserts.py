"""Checks that a test or a script makes by itself: ``assert_collected(cls)`` and what the pytest fixture builds on it."""

from __future__ import annotations

import sys
from types import FrameType, ModuleType
from typing import Any, Sequence

from . import chains, draw, holder, labels, paths
from .early import collect, get_objects, is_a
from .holder import Holder, mro_of
from .observe import INNER
from .wire import CONFIRMED, WireVerdict

_OWN = __name__.partition(".")[0]


def assert_collected(kind: type, allow: int = 0) -> None:
    """Demand that, after a full collection, at most ``allow`` instances of a class (or of one derived from it) live.

    Raises ``AssertionError`` with the chain of holders that keeps one of them alive, and ``TypeError`` if ``kind`` is no
    class. The collector has to know the instances: those of classes that derive from ``int`` or ``str`` and have no
    attributes are not seen.
    """
    __tracebackhide__ = True  # pytest shows the line of the test instead
    if not is_a(kind, type):
        raise TypeError(f"assert_collected needs a class, not {type(kind).__name__}")
    text = survivors_of(kind, allow)
    if text:
        raise AssertionError(text)


def survivors_of(kind: Any, allow: int) -> str:
    """Return what to say of the instances that live, or nothing if there are no more than allowed."""
    if collect():
        collect()
    everything = get_objects()
    alive = [obj for obj in everything if any(base is kind for base in mro_of(type(obj)))]
    del everything
    if len(alive) <= allow:
        return ""
    count = len(alive)
    what = f"{count} {kind.__module__}.{kind.__qualname__} {'is' if count == 1 else 'are'} alive"
    return "\n".join([f"{what} after a full collection (allowed: {allow})", *why(alive[0], [alive])])


def why(target: Any, ours: Sequence[Any]) -> list[str]:
    """Return the lines of the chain that keeps an object alive. ``ours`` are lists of the caller that hold it."""
    found = paths.backward(target, ours=ours)
    chain = found.chain
    running = [] if found.named else _running(target)
    if running:
        chain = [*running, target]
    named = chains.named(chain) if len(chain) > 1 else None
    if named is None:
        return ["    what holds it cannot be seen by the collector"]
    text = named.text()
    verdict = WireVerdict(CONFIRMED, "", path=text, suspect=named.suspect, origins=named.origins)
    return [f"    {line}" for line in draw.text(verdict)]


def _running(target: Any) -> list[FrameType]:
    """Return the frame of this thread, outside of this package, that has the object in a local variable."""
    frame: Any = sys._getframe(1)
    while frame is not None:
        if (frame.f_globals.get("__name__") or "").partition(".")[0] != _OWN:
            if any(value is target for value in frame.f_locals.values()):
                return [frame]
        frame = frame.f_back
    return []


class Growth:
    """A context manager: the container at ``module:path`` must not have more entries at its end than at its start."""

    def __init__(self, spec: str, allow: int = 0) -> None:
        self.spec, self.allow = spec, allow
        self._holder = find(spec)
        self._before = 0

    def __enter__(self) -> Growth:
        collect()
        self._before = _size(self._holder)
        return self

    def __exit__(self, kind: Any, *_: Any) -> None:
        __tracebackhide__ = True
        if kind is not None:
            return
        collect()
        more = _size(self._holder) - self._before
        if more > self.allow:
            chain = chains.named(self._holder.leading()) if self._holder.owner is not None else None
            shown = [] if chain is None else [f"    {line}" for line in self._lines(chain)]
            raise AssertionError("\n".join([f"{self.spec} grew by {more} (allowed: {self.allow})", *shown]))

    def _lines(self, chain: chains.Chain) -> list[str]:
        entries = [obj for part in self._holder.parts() for obj in _newest(part)]
        last = [f"{place}: {text}" for place, text in entries[-3:]]
        verdict = WireVerdict(CONFIRMED, "", path=chain.text(), suspect=chain.suspect, origins=chain.origins)
        return [*draw.text(verdict), *[f"     entry {text}" for text in last]]


def find(spec: str) -> Holder:
    """Return the container at ``module:path``. Raises ``ValueError`` where there is none that can be counted."""
    module, colon, path = spec.partition(":")
    if not colon or not path:
        raise ValueError(f"{spec!r} must be of the form module:CONTAINER or module:Class.container")
    loaded = sys.modules.get(module)
    if not is_a(loaded, ModuleType):
        loaded = __import__(module, fromlist=["_"])
    found = holder.find(loaded, path, "other")
    if found is None:
        raise ValueError(f"there is no {spec}")
    if found.size() is None:
        raise ValueError(f"{spec} holds no entries that could be counted")
    return found


def _size(holder: Holder) -> int:
    return holder.size(INNER) or 0


def _newest(part: Any) -> list[tuple[str, str]]:
    """Return the last entries of a container as text, in the order it keeps."""
    if is_a(part, dict):
        return [(labels.key(key), labels.node(value)) for key, value in list(dict.items(part))[-3:]]
    values = list(list.__iter__(part))[-3:] if is_a(part, list) else []
    return [(labels.key(value), labels.node(value)) for value in values]
