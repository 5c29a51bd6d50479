"""Counts requests by labels, as clients of a monitoring system do."""

# holder: children
# kind: dict in an attribute
# what: MetricChild|tuple

from __future__ import annotations

import itertools


class MetricChild:
    def __init__(self) -> None:
        self.value = 0.0

    def increase(self) -> None:
        self.value += 1.0


class LabelledCounter:
    def __init__(self, name: str, *labels: str) -> None:
        self.name = name
        self.labels = labels
        self.children: dict[tuple[str, ...], MetricChild] = {}  # holder here

    def at(self, *values: str) -> MetricChild:
        assert len(values) == len(self.labels)
        try:
            return self.children[values]
        except KeyError:
            return self.children.setdefault(values, MetricChild())  # stores


REQUESTS = LabelledCounter("requests", "method", "path")
_articles = itertools.count(1)


def work() -> None:
    REQUESTS.at("GET", f"/article/{next(_articles)}").increase()
