"""Schedules small jobs and runs those that are due."""

# kind: sched.scheduler, run

from __future__ import annotations

import sched
import time

SCHEDULER = sched.scheduler(time.monotonic, time.sleep)


def work() -> None:
    done: list[int] = []
    SCHEDULER.enter(0, 1, done.append, (1,))
    SCHEDULER.enter(0, 2, done.append, (2,))
    SCHEDULER.run()
    assert sorted(done) == [1, 2]
