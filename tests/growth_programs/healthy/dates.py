"""Formats and parses dates."""

# kind: datetime

from __future__ import annotations

import datetime
import itertools

_days = itertools.count()


def work() -> None:
    day = datetime.datetime(2020, 1, 1, tzinfo=datetime.timezone.utc) + datetime.timedelta(days=next(_days))  # noqa: UP017
    text = day.strftime("%Y-%m-%d %z")
    assert datetime.datetime.strptime(text, "%Y-%m-%d %z") == day
