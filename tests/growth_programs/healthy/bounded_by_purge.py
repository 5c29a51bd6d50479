"""Caches pages up to thirty and then drops the older half."""

# rounds: 100
# kind: cache whose older half is dropped

from __future__ import annotations

import itertools

PAGES: dict[int, str] = {}
_numbers = itertools.count()


def work() -> None:
    number = next(_numbers)
    PAGES[number] = f"page {number}" * 5
    if len(PAGES) > 30:
        for old in list(PAGES)[: len(PAGES) // 2]:
            del PAGES[old]
