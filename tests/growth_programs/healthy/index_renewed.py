"""An inverted index of the last few documents."""

# kind: many lists, entries in and out
# rounds: 60

from __future__ import annotations

import itertools
from collections import defaultdict

_calls = itertools.count()
INDEX = defaultdict(list)


def work() -> None:
    number = next(_calls)
    INDEX[number * 7 % 20].append((number, [0]))
    old = number - 12
    if old >= 0:
        INDEX[old * 7 % 20].pop(0)
