"""A history as pairs, the last one first."""

# holder: HISTORY
# alone: yes
# kind: pairs in pairs

from __future__ import annotations

import itertools

_calls = itertools.count()
HISTORY = None  # holder here


def work() -> None:
    global HISTORY
    HISTORY = ([next(_calls)], HISTORY)  # stores
