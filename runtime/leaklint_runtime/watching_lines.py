"""Which line stores, in a program that runs: for a moment its threads are traced, and each event compares lengths.

From Python 3.12 on all threads are. Before, the main thread is (it is asked to by a pending call of the interpreter, which it
runs when it next executes Python code), and those that start meanwhile; where further threads run, nothing is claimed, for what
they store would be seen at a line of another thread. Nothing is traced where something else traces.
"""

from __future__ import annotations

import sys
import threading
from typing import Any, Callable, Sequence

from . import early
from .discovery import storing
from .discovery.model import StoringLine

ENOUGH = 4  # times that each of the containers was seen to grow
SHARE = 0.25  # of the most frequent line: others that are seen less often are left out
TICK = 0.01
ctypes = early.optional("ctypes")
_pending: list[Any] = []  # calls that the interpreter will make, which must be there then


class Window(storing.Tracer):
    """Traces the threads of the process while it is open.

    A change counts only where the event before it was of the same thread: else either of the two may have stored.
    """

    closed = False
    before = 0

    def open(self) -> None:
        """Begin to trace what runs already and what starts from now on."""
        every: Any = getattr(threading, "settrace_all_threads", None)
        if every is not None:
            every(self._called)
        else:
            threading.settrace(self._called)
            _in_main_thread(self._enter)
        self._mark(self._event)

    def close(self) -> None:
        """Trace no longer, and forget the containers: a frame that was traced may run for long."""
        self.closed = True
        every: Any = getattr(threading, "settrace_all_threads", None)
        if every is not None:
            every(None)
        else:
            _in_main_thread(_untraced)
        threading.settrace(None)
        self._mark(None)
        self.gauges.clear()
        self._last.clear()

    def _enter(self) -> None:
        if not self.closed:
            sys.settrace(self._called)

    def _called(self, frame: Any, event: str, argument: Any) -> Any:
        if self.closed:
            sys.settrace(None)
            return None
        return super()._called(frame, event, argument)

    def _event(self, frame: Any, event: str, argument: Any) -> Any:
        if self.closed:
            frame.f_trace = None
            return None
        return super()._event(frame, event, argument)

    def _compare(self, frame: Any, line: int) -> None:
        thread = threading.get_ident()
        if thread == self.before:
            super()._compare(frame, line)
        else:
            self.before = thread
            self._last = [gauge() for gauge in self.gauges]

    def _mark(self, function: Any) -> None:
        """Let the frames that run already be traced, too, those of this thread left out; None ends it."""
        mine = threading.get_ident()
        for thread, frame in sys._current_frames().items():
            step: Any = frame
            while step is not None and thread != mine:
                step.f_trace = function
                step = step.f_back


def _untraced() -> None:
    sys.settrace(None)


def _in_main_thread(function: Callable[[], None]) -> None:
    """Let the main thread call ``function`` when it next executes Python code; nothing where that cannot be asked for."""
    if ctypes is None or not hasattr(ctypes, "pythonapi"):
        return

    def run(_: Any) -> int:
        function()
        return 0

    call = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p)(run)
    _pending.append(call)
    del _pending[:-8]
    ctypes.pythonapi.Py_AddPendingCall(call, None)


def possible() -> bool:
    """Tell whether all threads can be traced, and nothing else traces them, as debuggers do and some that measure coverage."""
    if getattr(threading, "_trace_hook", None) is not None or sys.gettrace() is not None:
        return False
    return hasattr(threading, "settrace_all_threads") or not _further_threads()


def _further_threads() -> bool:
    """Tell whether threads run that are neither the main thread nor leaklint's own."""
    main = threading.main_thread().ident
    for thread, frame in sys._current_frames().items():
        step: Any = frame
        while step is not None and not step.f_code.co_filename.startswith(_FOLDER):
            step = step.f_back
        if step is None and thread != main:
            return True
    return False


_FOLDER = __file__.rpartition("watching_lines")[0]


def stores(gauges: Sequence[storing.Gauge], seconds: float) -> list[tuple[StoringLine, ...]]:
    """Trace for at most so many seconds and return for each gauge the lines at which it rose; none where it did not."""
    if not gauges or not possible():
        return [() for _ in gauges]
    window = Window(gauges, [True for _ in gauges])
    end = early.perf_counter() + seconds
    window.open()
    try:
        while early.perf_counter() < end and not all(sum(spots.values()) >= ENOUGH for spots in window.spots):
            early.sleep(TICK)
    finally:
        window.close()
    return [_frequent(storing.stores(spots)) for spots in window.spots]


def _frequent(lines: tuple[StoringLine, ...]) -> tuple[StoringLine, ...]:
    most = max((item.times for item in lines), default=0)
    return tuple(item for item in lines if item.times >= SHARE * most)
