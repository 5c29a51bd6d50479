"""Delivers samples to sensors, each of which queues what it gets."""

# holder: SENSORS|readings
# kind: deque in an object in a dict
# what: tuple

from __future__ import annotations

import time
from collections import deque


class Sensor:
    def __init__(self, name: str) -> None:
        self.name = name
        self.readings: deque[tuple[float, float]] = deque()  # holder here


SENSORS = {name: Sensor(name) for name in ("roof", "cellar")}  # holder here


def measure(name: str, value: float) -> None:
    SENSORS[name].readings.append((time.time(), value))  # stores


def work() -> None:
    measure("cellar", 12.5)
