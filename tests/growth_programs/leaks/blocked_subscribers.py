"""Starts a thread for each subscriber, which waits for news."""

# holder: thread
# kind: threads that never end
# what: Thread|Subscriber

from __future__ import annotations

import threading


class Subscriber(threading.Thread):
    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.news = threading.Event()
        self.buffer = [0] * 100

    def run(self) -> None:
        self.news.wait()
        self.buffer.clear()


def work() -> None:
    Subscriber().start()  # stores
