"""An LRU cache with a list of nodes, from which the oldest is taken."""

# kind: linked list of a fixed length

from __future__ import annotations

import itertools

_calls = itertools.count()


class Node:
    def __init__(self, key):
        self.key = key
        self.newer = None


class Cache:
    def __init__(self):
        self.table = {}
        self.oldest = self.newest = Node(None)

    def put(self, key):
        node = self.table[key] = Node(key)
        self.newest.newer = node
        self.newest = node
        if len(self.table) > 8:
            self.oldest = self.oldest.newer
            del self.table[self.oldest.key]


CACHE = Cache()


def work() -> None:
    CACHE.put(next(_calls))
