"""Takes a snapshot of a counter every fifth time that it moves."""

# holder: SNAPSHOTS
# kind: list, slow
# what: dict

from __future__ import annotations

SNAPSHOTS = []  # holder here


class Meter:
    def __init__(self) -> None:
        self.value = 0

    def move(self) -> None:
        self.value += 1
        if self.value % 5 == 0:
            SNAPSHOTS.append({"value": self.value, "labels": ["meter", "hall"]})  # stores


METER = Meter()


def work() -> None:
    METER.move()
