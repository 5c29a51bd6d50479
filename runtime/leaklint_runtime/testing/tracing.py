"""Which line stores: a later test that is likely to fill a suspect is traced, for a limited time."""

from __future__ import annotations

import sys
import threading
from types import FrameType
from typing import Any, Callable, Sequence

from ..discovery import storing
from ..discovery.model import Store
from ..early import perf_counter

SECONDS = 2.0


class TimedTracer(storing.Tracer):
    """A tracer that is started and stopped by itself, and that gives up after ``seconds``."""

    def __init__(self, gauges: Sequence[Callable[[], int]], seconds: float) -> None:
        super().__init__(gauges, [True] * len(gauges))
        self._end = perf_counter() + seconds
        self._before = getattr(threading, "_trace_hook", None)
        self._ended = False

    def start(self) -> None:
        """Trace this thread and those that it starts."""
        threading.settrace(self._begun)
        sys.settrace(self._begun)

    def stop(self) -> None:
        """Stop, unless something else traces by now."""
        self._ended = True
        if getattr(sys.gettrace(), "__self__", None) is self:  # it is None where another was set meanwhile
            sys.settrace(None)
        threading.settrace(self._before)

    def stores(self) -> list[tuple[Store, ...]]:
        """Return for each gauge the lines at which it rose."""
        return [storing.stores(spots) for spots in self.spots]

    def _begun(self, frame: FrameType, event: str, argument: Any) -> Any:
        if self._ended or perf_counter() > self._end:
            self._ended = True
            sys.settrace(None)
            return None
        return self._called(frame, event, argument)

    def _event(self, frame: FrameType, event: str, argument: Any) -> Any:
        return None if self._ended else super()._event(frame, event, argument)


def possible() -> bool:
    """Tell whether nobody else, such as a debugger or what measures coverage, traces."""
    return sys.gettrace() is None
