"""Shows the last twelve events."""

# kind: deque with maxlen

from __future__ import annotations

import collections
import itertools
import time

EVENTS: collections.deque[dict[str, object]] = collections.deque(maxlen=12)
_numbers = itertools.count()


def work() -> None:
    EVENTS.append({"number": next(_numbers), "at": time.time()})
    assert len(EVENTS) <= 12
