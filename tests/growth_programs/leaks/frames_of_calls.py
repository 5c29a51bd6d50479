"""Notes from where a deprecated function was called."""

# holder: CALLS
# kind: list of frames
# what: frame

from __future__ import annotations

import inspect

CALLS = []  # holder here


def deprecated(value: int) -> int:
    CALLS.append(inspect.currentframe())  # stores
    return value + 1


def work() -> None:
    assert deprecated(1) == 2
