"""Statistics as numbers that become large."""

# kind: integers that rise

from __future__ import annotations


class Statistics:
    def __init__(self):
        self.bytes = 0
        self.squares = 0


TOTALS = {"nanoseconds": 0, "calls": Statistics()}


def work() -> None:
    TOTALS["nanoseconds"] += 10**9
    TOTALS["calls"].bytes += 10**12
    TOTALS["calls"].squares += 10**18
