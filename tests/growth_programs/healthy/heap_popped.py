"""Plans tasks and does the most urgent one for each that comes in."""

# kind: heapq with pop

from __future__ import annotations

import heapq
import random

PLAN = [(priority, f"task {priority}") for priority in range(10)]
_random = random.Random(1)


def work() -> None:
    heapq.heappush(PLAN, (_random.randrange(100), "task"))
    heapq.heappop(PLAN)
