"""Traces calls into a recorder that has slots."""

# holder: RECORDER\.spans
# kind: instance attribute in slots
# what: TimedSpan

from __future__ import annotations

import time


class TimedSpan:
    __slots__ = ("ended", "name", "started")

    def __init__(self, name: str) -> None:
        self.name = name
        self.started = time.monotonic()
        self.ended = 0.0


class Recorder:
    __slots__ = ("limit", "spans")

    def __init__(self) -> None:
        self.limit = 1000
        self.spans: list[TimedSpan] = []  # holder here

    def span(self, name: str) -> TimedSpan:
        span = TimedSpan(name)
        self.spans.append(span)  # stores
        return span


RECORDER = Recorder()


def work() -> None:
    RECORDER.span("query").ended = time.monotonic()
