"""Which line stores: a later test that is likely to fill a suspect is traced, for a limited number of events."""

from __future__ import annotations

import sys
import threading
from types import FrameType
from typing import Any, Callable, Sequence

from ..discovery import storing
from ..discovery.model import StoringLine

EVENTS = 100_000


class LimitedTracer(storing.Tracer):
    """A tracer that is started and stopped by itself, and that gives up after so many ``events``.

    What the modules do for whose names ``passed_over`` is true is not traced.
    """

    def __init__(
        self, gauges: Sequence[Callable[[], int]], passed_over: Callable[[Any], bool], events: int = EVENTS
    ) -> None:
        super().__init__(gauges, [True] * len(gauges))
        self._passed_over = passed_over
        self._passed: dict[str, bool] = {}
        self._events = events
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

    def stores(self) -> list[tuple[StoringLine, ...]]:
        """Return for each gauge the lines at which it rose."""
        return [storing.stores(spots) for spots in self.spots]

    def _begun(self, frame: FrameType, event: str, argument: Any) -> Any:
        if not self._goes_on():
            sys.settrace(None)
            return None
        if self._passes(frame):
            return None
        if frame.f_back is not None and self._passes(frame.f_back):
            self._last = [gauge() for gauge in self.gauges]  # what rose there was not seen to
        return self._called(frame, event, argument)

    def _passes(self, frame: FrameType) -> bool:
        """Tell whether a frame is passed over; that is asked once a file."""
        file = frame.f_code.co_filename
        known = self._passed.get(file)
        if known is None:
            known = self._passed[file] = self._passed_over(frame.f_globals.get("__name__"))
        return known

    def _event(self, frame: FrameType, event: str, argument: Any) -> Any:
        return super()._event(frame, event, argument) if self._goes_on() else None

    def _goes_on(self) -> bool:
        self._events -= 1
        self._ended = self._ended or self._events < 0
        return not self._ended


def possible() -> bool:
    """Tell whether nobody else, such as a debugger or what measures coverage, traces."""
    return sys.gettrace() is None
