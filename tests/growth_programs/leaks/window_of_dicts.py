"""Counters of the last three minutes; the clock stands still, so the last one grows."""

# holder: WINDOW
# kind: dict in a bounded deque

from __future__ import annotations

import itertools
from collections import deque

_calls = itertools.count()
WINDOW = deque([{}, {}, {}], maxlen=3)  # holder here


def work() -> None:
    WINDOW[-1][f"client {next(_calls)}"] = [1]  # stores
