"""An ordered index as a skip list."""

# holder: INDEX\.head
# kind: nodes linked by lists
# alone: yes

from __future__ import annotations

import itertools
import random

_calls = itertools.count()
_random = random.Random(3)


class Node:
    def __init__(self, key, height):
        self.key = key
        self.forward = [None] * height


class Index:
    def __init__(self):
        self.head = Node(-1, 4)  # holder here

    def insert(self, key):
        update, node = [self.head] * 4, self.head
        for level in (3, 2, 1, 0):
            while node.forward[level] is not None and node.forward[level].key < key:
                node = node.forward[level]
            update[level] = node
        fresh = Node(key, _random.randint(1, 4))  # stores
        for level in range(len(fresh.forward)):
            fresh.forward[level] = update[level].forward[level]
            update[level].forward[level] = fresh  # stores


INDEX = Index()


def work() -> None:
    INDEX.insert((next(_calls) * 37) % 1009)
