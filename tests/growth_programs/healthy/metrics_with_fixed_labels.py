"""Counts requests by method and status."""

# kind: counters with fixed labels

from __future__ import annotations

import itertools

COUNTS: dict[tuple[str, int], float] = {}
_methods = itertools.cycle(["GET", "GET", "GET", "POST", "DELETE"])
_statuses = itertools.cycle([200, 200, 404, 500])


def work() -> None:
    labels = next(_methods), next(_statuses)
    COUNTS[labels] = COUNTS.get(labels, 0.0) + 1.0
