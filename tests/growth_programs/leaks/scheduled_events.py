"""Schedules a clean-up for the night."""

# holder: SCHEDULER
# kind: sched.scheduler
# what: Event

from __future__ import annotations

import sched
import time

SCHEDULER = sched.scheduler(time.monotonic, time.sleep)  # holder here


def clean(folder: str) -> str:
    return f"cleaned {folder}"


def work() -> None:
    SCHEDULER.enter(3600, 1, clean, ("cache",))  # stores
    SCHEDULER.run(blocking=False)
