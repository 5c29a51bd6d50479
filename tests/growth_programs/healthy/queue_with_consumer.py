"""Hands work to a thread that does it in the order of arrival."""

# kind: queue, drained by a thread

from __future__ import annotations

import queue
import threading

JOBS: queue.Queue[list[int]] = queue.Queue()
TOTALS = [0]


def consume() -> None:
    while True:
        numbers = JOBS.get()
        TOTALS[0] += sum(numbers)
        del numbers
        JOBS.task_done()


threading.Thread(target=consume, daemon=True).start()


def work() -> None:
    for number in range(5):
        JOBS.put([number] * 10)
    JOBS.join()
