"""Formats the traceback of an error for a report."""

# kind: tracebacks, formatted

from __future__ import annotations

import traceback

LAST_REPORT = ""


def fail(depth: int) -> None:
    if depth == 0:
        raise KeyError("missing")
    fail(depth - 1)


def work() -> None:
    global LAST_REPORT
    try:
        fail(5)
    except KeyError:
        LAST_REPORT = traceback.format_exc()
    assert "missing" in LAST_REPORT
