"""A hash table of its own, with few keys that come at random."""

# kind: many lists, keys that come back
# rounds: 150

from __future__ import annotations

import random

_random = random.Random(5)
BUCKETS = [[] for _ in range(16)]


class Entry:
    def __init__(self, key):
        self.key = key


def work() -> None:
    key = _random.randrange(20)
    bucket = BUCKETS[key % 16]
    if not any(entry.key == key for entry in bucket):
        bucket.append(Entry(key))
