"""Logs statements to a log of the thread that executes them."""

# holder: LOCAL
# kind: threading.local of the main thread
# what: str

from __future__ import annotations

import itertools
import threading

LOCAL = threading.local()  # holder here
_numbers = itertools.count()


def execute(statement: str) -> int:
    if not hasattr(LOCAL, "statements"):
        LOCAL.statements = []  # holder here
    LOCAL.statements.append(statement)  # stores
    return len(LOCAL.statements)


def work() -> None:
    execute(f"select {next(_numbers)}")
