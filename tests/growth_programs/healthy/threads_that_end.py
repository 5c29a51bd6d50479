"""Adds numbers up in a thread of its own."""

# kind: threads that end

from __future__ import annotations

import threading


class Summation(threading.Thread):
    def __init__(self, numbers: list[int]) -> None:
        super().__init__()
        self.numbers = numbers
        self.total = 0

    def run(self) -> None:
        self.total = sum(self.numbers)


def work() -> None:
    thread = Summation(list(range(1000)))
    thread.start()
    thread.join()
    assert thread.total == 499500
