"""Which line stores: one more round is traced, and each event compares how long the growing holders are.

What changed since the last event of a thread was done by the line that this thread was at. The frame of that line is still
there at the event that follows it (the next line, a call, a return), so its callers can be told, too.
"""

from __future__ import annotations

import sys
import threading
import tracemalloc
from types import FrameType
from typing import Any, Callable, Sequence, Tuple

from ..early import collect, get_referents, is_a
from ..patience import Patience
from . import definitions
from .model import CodeLine, StoringLine

Gauge = Callable[[], int]
DEPTH = 60
EVENTS = 1_000  # between two looks at the clock
LEVELS = 3  # of references, in which something that was made in a run is looked for
_TRACE_ALL: Any = getattr(threading, "settrace_all_threads", None)  # from Python 3.12 on: also those that run already
_DUMMY: Any = threading._DummyThread  # a thread that was not started by this module, so without the hook
_START: Any = threading.Thread.start.__code__
_FOLDER = __file__.rpartition("discovery")[0]
Spot = Tuple[CodeLine, ...]
MANAGED_DICT = 1 << 4  # of a type's flags: its instances keep their attributes where the interpreter wants
_WORDS = 2 * tuple.__itemsize__  # bytes: what is in front of an object for the collector, or for its attributes


def prepare() -> None:
    """Let threads that start from now on be traced when a ``Tracer`` runs: before Python 3.12 they need a hook for that."""
    if _TRACE_ALL is None:
        threading.settrace(_hook)


def _hook(frame: FrameType, event: str, argument: Any) -> Any:
    called = _hooked[0]
    return None if called is None else called(frame, event, argument)


_hooked: list[Any] = [None]  # what is called in threads that have the hook


def _set_in_frames(function: Any) -> list[tuple[FrameType, Any]]:
    """Let a function be called at each line of what the other threads are in; return the frames with what was called before."""
    found = []
    for thread, frame in sys._current_frames().items():
        step: Any = frame if thread != threading.get_ident() else None
        while step is not None:
            found.append((step, step.f_trace))
            step.f_trace = function
            step = step.f_back
    return found


class Tracer:
    """Compares ``gauges`` at every event while it is installed; ``spots`` counts for each gauge the lines at which it rose.

    A gauge returns a number, or for a slot whose value is replaced anything that is another number then; ``rising`` tells
    for each whether only a larger number counts.
    """

    def __init__(self, gauges: Sequence[Gauge], rising: Sequence[bool]) -> None:
        self.gauges, self.rising = list(gauges), list(rising)
        self.spots: list[dict[Spot, int]] = [{} for _ in gauges]
        self._last = [gauge() for gauge in gauges]
        self._lines: dict[int, tuple[int, int]] = {}
        self._starts: dict[int, Spot] = {}  # by the identity of a thread's object: the lines that started it
        self._patience: Patience | None = None
        self._noted = 0  # events
        self.is_cut = False

    def run(self, work: Callable[[], Any], patience: Patience) -> None:
        """Run ``work`` traced, with the threads that it starts. What traces already is put back afterwards.

        When the ``patience`` is over the rest is run without: ``is_cut`` tells of it.
        """
        self._patience = patience
        before, before_threads = sys.gettrace(), getattr(threading, "_trace_hook", None)
        self._last = [gauge() for gauge in self.gauges]
        threading.settrace(self._called)
        if _TRACE_ALL is not None:
            _TRACE_ALL(self._called)
        _hooked[0] = self._called
        frames = _set_in_frames(self._event)
        sys.settrace(self._called)
        try:
            work()
        finally:
            if _TRACE_ALL is not None:
                _TRACE_ALL(None)
            _hooked[0] = None
            for frame, function in frames:
                frame.f_trace = function
            sys.settrace(before)
            threading.settrace(before_threads)
            if not self.is_cut:
                self._compare(sys._getframe(), 0)

    def _called(self, frame: FrameType, event: str, argument: Any) -> Any:
        if self._gives_up() or frame.f_code.co_filename.startswith(_FOLDER):
            return None
        caller = frame.f_back
        if caller is not None:
            self._compare(caller, caller.f_lineno)
        self._lines[threading.get_ident()] = (id(frame), frame.f_lineno)
        if frame.f_code is _START and caller is not None:
            self._starts[id(frame.f_locals["self"])] = _spot(caller, caller.f_lineno)
        return self._event

    def _event(self, frame: FrameType, event: str, argument: Any) -> Any:
        if self._gives_up():
            return None
        thread = threading.get_ident()
        if event == "line":
            place, line = self._lines.get(thread, (0, 0))
            # coming back from a call, the line of this frame is not the last one that was noted
            self._compare(frame, line if place == id(frame) else 0)
            self._lines[thread] = (id(frame), frame.f_lineno)
        else:
            self._compare(frame, frame.f_lineno)
            caller = frame.f_back
            if event == "return" and caller is not None:
                self._lines[thread] = (id(caller), caller.f_lineno)
        return self._event

    def _gives_up(self) -> bool:
        """Trace no longer in this thread when the patience is over."""
        if self._patience is None:
            return False
        self._noted += 1
        if self.is_cut or (self._noted % EVENTS == 0 and self._patience.over()):
            self.is_cut = True
            sys.settrace(None)
        return self.is_cut

    def _compare(self, frame: FrameType, line: int) -> None:
        for place, gauge in enumerate(self.gauges):
            now = gauge()
            if now != self._last[place]:
                if now > self._last[place] or not self.rising[place]:
                    spot = _spot(frame, line or frame.f_lineno) + self._started_by()
                    if spot:
                        self.spots[place][spot] = self.spots[place].get(spot, 0) + 1
                self._last[place] = now

    def _started_by(self) -> Spot:
        """Return the lines that started the running thread, if they were traced."""
        thread = threading._active.get(threading.get_ident())  # type: ignore[attr-defined]
        return self._starts.get(id(thread), ())


def _spot(frame: FrameType, line: int) -> Spot:
    """Return the line and the lines that called it, innermost first."""
    found: list[CodeLine] = []
    step: Any = frame
    while step is not None and len(found) < DEPTH:
        code = step.f_code
        if not code.co_filename.startswith(_FOLDER):
            found.append(CodeLine(code.co_filename, line, getattr(code, "co_qualname", code.co_name)))
        step = step.f_back
        line = step.f_lineno if step is not None else 0
    return tuple(found)


def untraced_threads() -> int:
    """Return the number of threads that run and cannot be traced: before Python 3.12 others than this one without a hook."""
    if _TRACE_ALL is not None:
        return 0
    others = sys._current_frames().keys() - {threading.get_ident()}
    if getattr(threading, "_trace_hook", None) is _hook:
        others -= {thread.ident for thread in threading.enumerate() if not is_a(thread, _DUMMY)}
    return len(others)


def allocations(work: Callable[[], Any], kept: Sequence[Callable[[], Sequence[Any]]]) -> list[dict[Spot, int]]:
    """Run ``work`` once and return, for what each of ``kept`` returns then, which lines made how many of these in the run.

    Where none were made, as a chain gets a link for many values, what these refer to is counted, and what that refers to: what
    an interpreter keeps free objects of may not be traced.
    """
    found: list[dict[Spot, int]] = []
    if not kept:
        return found
    tracemalloc.start(DEPTH)
    try:
        work()
        collect()
        for objects in kept:
            counts: dict[Spot, int] = {}
            level = list(objects())
            for _ in range(LEVELS):
                counts = counts or _made(level)
                level = [] if counts else get_referents(*level)
            found.append(counts)
    finally:
        tracemalloc.stop()
    return found


def _made(objects: Sequence[Any]) -> dict[Spot, int]:
    """Return how many of the objects were made at each line since tracemalloc was started."""
    counts: dict[Spot, int] = {}
    for obj in objects:
        lines = [CodeLine(frame.filename, frame.lineno, "") for frame in reversed(_traceback(obj) or ())]
        spot = tuple(line for line in lines if not line.path.startswith(_FOLDER))
        if spot:
            counts[spot] = counts.get(spot, 0) + 1
    return counts


def _traceback(obj: Any) -> Any:
    """Return what tracemalloc knows of where an object was made, or None.

    Python 3.11 looks for instances of classes at a wrong address: it overlooks two words before the collector's.
    """
    found = tracemalloc.get_object_traceback(obj)
    if found is None and sys.version_info[:2] == (3, 11) and type(obj).__flags__ & MANAGED_DICT:
        frames = _asked(0, id(obj) - 2 * _WORDS)
        found = tracemalloc.Traceback(frames) if frames is not None else None
    return found


def _asked(domain: int, address: int) -> Any:
    # imported here because few runs need it, and not every interpreter has it
    import ctypes

    function = ctypes.pythonapi._PyTraceMalloc_GetTraceback
    function.restype, function.argtypes = ctypes.py_object, [ctypes.c_uint, ctypes.c_size_t]
    return function(domain, address)


def stores(spots: dict[Spot, int], how: str = "stored", most: int = 5) -> tuple[StoringLine, ...]:
    """Return where a holder grew: of each spot the nearest line outside of the standard library, most frequent first.

    Where nothing but the standard library ran, it is the line in that.
    """
    counts: dict[Spot, int] = {}
    for spot, count in spots.items():
        near = next((place for place, line in enumerate(spot) if not definitions.is_standard(line.path)), 0)
        shown = spot[near:]
        own = next((place for place, line in enumerate(shown) if not definitions.is_library(line.path)), len(shown) - 1)
        key = shown[: own + 1]
        counts[key] = counts.get(key, 0) + count
    merged: dict[tuple[str, int], list[Any]] = {}
    for key, count in sorted(counts.items(), key=lambda item: -item[1]):
        row = merged.setdefault((key[0].path, key[0].line), [key, 0])
        row[1] += count
    ordered = sorted(merged.values(), key=lambda row: -row[1])[:most]
    return tuple(StoringLine(key[0].path, key[0].line, key[0].function, count, key[1:], how) for key, count in ordered)
