"""Counts bytes that were sent."""

# kind: growing number

from __future__ import annotations


class Traffic:
    def __init__(self) -> None:
        self.sent = 10**9
        self.mean = 0.0
        self.count = 0

    def send(self, data: bytes) -> None:
        self.count += 1
        self.sent += len(data)
        self.mean += (len(data) - self.mean) / self.count


TRAFFIC = Traffic()


def work() -> None:
    TRAFFIC.send(b"x" * 100_000)
