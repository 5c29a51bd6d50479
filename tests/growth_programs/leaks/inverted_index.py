"""Which documents have which of twenty words."""

# holder: INDEX
# kind: twenty lists in a dict, in turn

from __future__ import annotations

import itertools

_calls = itertools.count()
INDEX = {f"word{number}": [] for number in range(20)}  # holder here


def add(document):
    INDEX[f"word{document * 7 % 20}"].append((document, "title " + str(document)))  # stores


def work() -> None:
    add(next(_calls))
