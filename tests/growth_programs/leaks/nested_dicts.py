"""Counts page views by country, by city and by visitor."""

# holder: VIEWS
# kind: dict in dicts
# what: str

from __future__ import annotations

import itertools

VIEWS: dict[str, dict[str, dict[str, int]]] = {}  # holder here
_visitors = itertools.count(1)


def view(country: str, city: str, visitor: str) -> int:
    visitors = VIEWS.setdefault(country, {}).setdefault(city, {})
    visitors[visitor] = visitors.get(visitor, 0) + 1  # stores
    return visitors[visitor]


def work() -> None:
    view("at", "Graz", f"visitor-{next(_visitors)}")
