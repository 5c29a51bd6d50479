"""Runs jobs one after another and records how long each of them took."""

# holder: HISTORY
# kind: list
# what: JobRun

from __future__ import annotations

import time

HISTORY: list[JobRun] = []  # holder here


class JobRun:
    def __init__(self, job: str, seconds: float) -> None:
        self.job = job
        self.seconds = seconds


def timed(job: str) -> float:
    started = time.perf_counter()
    sum(range(100))
    run = JobRun(job, time.perf_counter() - started)
    HISTORY.append(run)  # stores
    return run.seconds


def work() -> None:
    timed("rebuild-index")
