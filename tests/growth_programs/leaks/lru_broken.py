"""An LRU cache whose list of nodes forgets nothing: the old ones only leave the table."""

# holder: CACHE\.(newest|table)
# alone: yes
# kind: linked list beside a bounded dict

from __future__ import annotations

import itertools

_calls = itertools.count()


class Node:
    __slots__ = ("key", "next")

    def __init__(self, key, following):
        self.key, self.next = key, following


class Cache:
    def __init__(self):
        self.table = {}  # holder here
        self.newest = None  # holder here

    def put(self, key):
        self.newest = self.table[key] = Node(key, self.newest)  # stores
        if len(self.table) > 10:
            del self.table[next(iter(self.table))]


CACHE = Cache()


def work() -> None:
    CACHE.put(next(_calls))
