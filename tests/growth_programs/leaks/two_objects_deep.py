"""Measures the answers of an application whose parts hang together by attributes."""

# holder: APP\.metrics\.samples
# kind: instance attribute, two objects deep
# what: DurationSample

from __future__ import annotations

import time
from dataclasses import dataclass, field


@dataclass
class DurationSample:
    route: str
    seconds: float


@dataclass
class Metrics:
    enabled: bool = True
    samples: list[DurationSample] = field(default_factory=list)  # holder here

    def observe(self, route: str, seconds: float) -> None:
        if self.enabled:
            self.samples.append(DurationSample(route, seconds))  # stores


class SmallApplication:
    def __init__(self) -> None:
        self.metrics = Metrics()

    def get(self, route: str) -> str:
        started = time.perf_counter()
        answer = f"page of {route}"
        self.metrics.observe(route, time.perf_counter() - started)
        return answer


APP = SmallApplication()


def work() -> None:
    APP.get("/")
