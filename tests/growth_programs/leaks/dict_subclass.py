"""Looks documents up in an index that lower-cases its keys."""

# holder: INDEX
# kind: dict subclass
# what: IndexedDocument

from __future__ import annotations

import itertools


class IndexedDocument:
    def __init__(self, title: str) -> None:
        self.title = title
        self.words = title.split()


class FoldedIndex(dict):
    """Keys are text and compare without case."""

    def __setitem__(self, key: str, value: IndexedDocument) -> None:
        super().__setitem__(key.casefold(), value)  # stores

    def __getitem__(self, key: str) -> IndexedDocument:
        return super().__getitem__(key.casefold())


INDEX = FoldedIndex()  # holder here
_numbers = itertools.count(1)


def work() -> None:
    title = f"Report {next(_numbers)}"
    INDEX[title] = IndexedDocument(title)  # stores
    assert INDEX[title.upper()].words[0] == "Report"
