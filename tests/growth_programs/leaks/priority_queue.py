"""Plans tasks by priority and runs the urgent ones."""

# holder: PLAN
# kind: queue.PriorityQueue
# what: tuple|Task

from __future__ import annotations

import itertools
import queue


class Task:
    def __init__(self, name: str) -> None:
        self.name = name


PLAN = queue.PriorityQueue()  # holder here
_order = itertools.count()


def plan(priority: int, name: str) -> None:
    PLAN.put((priority, next(_order), Task(name)))  # stores


def run_urgent() -> None:
    while PLAN.queue and PLAN.queue[0][0] == 0:
        PLAN.get()


def work() -> None:
    plan(0, "answer the phone")
    plan(5, "tidy the attic")
    run_urgent()
