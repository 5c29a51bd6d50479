"""Renders reports whose totals are cached."""

# holder: total
# kind: functools.lru_cache on a method
# what: SalesReport

from __future__ import annotations

from functools import lru_cache


class SalesReport:
    def __init__(self, rows: list[tuple[str, int]]) -> None:
        self.rows = rows

    @lru_cache(maxsize=None)  # noqa: B019, UP033  # holder here
    def total(self, column: str) -> int:  # holder here
        return sum(value for name, value in self.rows if name == column)


def page(rows: list[tuple[str, int]]) -> str:
    report = SalesReport(rows)
    return f"{report.total('apples')} apples"  # stores


def work() -> None:
    assert page([("apples", 3), ("pears", 1), ("apples", 4)]) == "7 apples"
