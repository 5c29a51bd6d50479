"""Reacts to a signal in its own manner while a job runs."""

# kind: signal handler, restored

from __future__ import annotations

import signal
from types import FrameType


def work() -> None:
    seen: list[int] = []

    def stop(number: int, frame: FrameType | None) -> None:
        seen.append(number)

    before = signal.signal(signal.SIGUSR1, stop)
    try:
        assert not seen
    finally:
        signal.signal(signal.SIGUSR1, before)
