"""Caches users in an ordered dictionary that drops the one unused for longest."""

# kind: own LRU cache

from __future__ import annotations

import itertools
from collections import OrderedDict


class UserCache:
    def __init__(self, size: int) -> None:
        self.size = size
        self.users: OrderedDict[int, dict[str, str]] = OrderedDict()

    def get(self, key: int) -> dict[str, str]:
        if key in self.users:
            self.users.move_to_end(key)
        else:
            self.users[key] = {"name": f"user {key}", "mail": f"user{key}@example.org"}
            if len(self.users) > self.size:
                self.users.popitem(last=False)
        return self.users[key]


CACHE = UserCache(10)
_keys = itertools.count()


def work() -> None:
    CACHE.get(next(_keys))
    CACHE.get(0)
