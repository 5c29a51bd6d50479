"""Replaces the clock by a fixed one while a report is written."""

# holder: _active_patches
# kind: unittest.mock patches
# what: _patch|MagicMock

from __future__ import annotations

import time
from unittest import mock


class ReportClock:
    @staticmethod
    def now() -> float:
        return time.time()


def report(at: float) -> str:
    mock.patch.object(ReportClock, "now", return_value=at).start()  # stores
    return f"at {ReportClock.now():.0f}"


def work() -> None:
    assert report(1000.0) == "at 1000"
