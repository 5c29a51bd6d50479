"""A broker whose subscribers are behind, up to eight messages."""

# kind: queues with a bound

from __future__ import annotations

import queue

QUEUES = {name: queue.Queue(maxsize=8) for name in "abc"}


def work() -> None:
    for waiting in QUEUES.values():
        if waiting.full():
            waiting.get()
        waiting.put({"text": "news"})
