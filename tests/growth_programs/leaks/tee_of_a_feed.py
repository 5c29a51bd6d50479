"""Reads a feed twice: for display, and for a summary that is printed at night."""

# holder: SUMMARY
# alone: yes
# kind: itertools.tee whose one side lags
# what: tuple|str|_tee_dataobject

from __future__ import annotations

import itertools
import time

FEED = ((time.time(), f"item {number}") for number in itertools.count())
DISPLAY, SUMMARY = itertools.tee(FEED)  # holder here


def work() -> None:
    for _ in range(20):
        next(DISPLAY)  # stores
