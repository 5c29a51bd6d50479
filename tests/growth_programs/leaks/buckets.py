"""A hash table of its own, with 64 buckets."""

# holder: TABLE\.buckets
# kind: many lists of which each grows seldom
# alone: yes

from __future__ import annotations

import itertools

_calls = itertools.count()


class Entry:
    def __init__(self, key):
        self.key = key


class Table:
    def __init__(self):
        self.buckets = [[] for _ in range(64)]  # holder here

    def put(self, key):
        self.buckets[key * 2654435761 % 64].append(Entry(key))  # stores


TABLE = Table()


def work() -> None:
    TABLE.put(next(_calls))
