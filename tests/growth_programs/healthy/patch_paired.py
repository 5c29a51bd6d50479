"""Replaces the clock by a fixed one for the time of a report."""

# kind: unittest.mock patch, stopped

from __future__ import annotations

import time
from unittest import mock


class FixedClock:
    @staticmethod
    def now() -> float:
        return time.time()


def work() -> None:
    with mock.patch.object(FixedClock, "now", return_value=1000.0):
        assert FixedClock.now() == 1000.0
    assert FixedClock.now() > 1000.0
