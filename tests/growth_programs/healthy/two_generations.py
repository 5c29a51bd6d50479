"""A cache of two generations: when the young one is full it becomes the old one."""

# kind: rotating generations
# rounds: 60

from __future__ import annotations

import itertools

_calls = itertools.count()


class Cache:
    def __init__(self):
        self.young, self.old = {}, {}

    def put(self, key, value):
        self.young[key] = value
        if len(self.young) >= 12:
            self.old, self.young = self.young, {}


CACHE = Cache()


def work() -> None:
    CACHE.put(next(_calls), ["value"])
