"""Collects the failures of a batch so that they can be reported at the end."""

# holder: FAILURES
# kind: list of exceptions with tracebacks
# what: ValueError|frame|traceback

from __future__ import annotations

FAILURES: list[Exception] = []  # holder here


def convert(field: str) -> int:
    width = [character for character in field]  # noqa: C416
    return int(field) * len(width)


def work() -> None:
    for field in ("12", "twelve"):
        try:
            convert(field)
        except ValueError as failure:
            FAILURES.append(failure)  # stores
