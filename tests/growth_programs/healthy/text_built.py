"""Builds a page of text and lets it go."""

# kind: str, let go

from __future__ import annotations

import itertools

_pages = itertools.count()


def work() -> None:
    page = ""
    for line in range(100):
        page += f"page {next(_pages)}, line {line}\n"
    assert page.count("\n") == 100
