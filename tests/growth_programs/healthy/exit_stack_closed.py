"""Opens resources on a stack that is closed after the request."""

# kind: contextlib.ExitStack, closed

from __future__ import annotations

import contextlib

CLOSED = [0]


def close() -> None:
    CLOSED[0] += 1


def work() -> None:
    with contextlib.ExitStack() as stack:
        for _ in range(5):
            stack.callback(close)
