"""Measures how long the collector runs while a request is handled."""

# holder: gc\.callbacks
# kind: gc.callbacks
# what: CollectorWatch|method

from __future__ import annotations

import gc
import time


class CollectorWatch:
    def __init__(self) -> None:
        self.started = self.spent = 0.0
        gc.callbacks.append(self.observe)  # stores

    def observe(self, phase: str, info: dict[str, int]) -> None:
        if phase == "start":
            self.started = time.perf_counter()
        else:
            self.spent += time.perf_counter() - self.started


def work() -> None:
    watch = CollectorWatch()
    sum(range(100))
    assert watch.spent >= 0
