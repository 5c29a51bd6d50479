"""Reads the newest events of a feed and prints a summary of the last three."""

# holder: EVENTS
# kind: deque
# what: dict

from __future__ import annotations

import collections
import itertools
import time

EVENTS = collections.deque()  # holder here
_numbers = itertools.count()


def poll() -> None:
    EVENTS.appendleft({"number": next(_numbers), "at": time.time(), "level": "info"})  # stores


def summary() -> str:
    return ", ".join(str(event["number"]) for event in itertools.islice(EVENTS, 3))


def work() -> None:
    poll()
    summary()
