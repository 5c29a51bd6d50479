"""A cache by frequency, with a heap that is rebuilt when half of it is stale."""

# kind: LFU with lazy heap
# rounds: 90

from __future__ import annotations

import heapq
import itertools

_calls = itertools.count()
COUNTS, HEAP = {}, []


def touch(key):
    COUNTS[key] = COUNTS.get(key, 0) + 1
    heapq.heappush(HEAP, (COUNTS[key], key))
    if len(COUNTS) > 8:
        while True:
            count, old = heapq.heappop(HEAP)
            if COUNTS.get(old) == count:
                del COUNTS[old]
                break
    if len(HEAP) > 24:
        HEAP[:] = [(count, old) for old, count in COUNTS.items()]
        heapq.heapify(HEAP)


def work() -> None:
    number = next(_calls)
    touch(number)
    touch(number % 3)
