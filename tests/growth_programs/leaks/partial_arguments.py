"""Builds a call up from arguments that arrive one by one."""

# holder: CALL
# kind: functools.partial, rebound
# what: float

from __future__ import annotations

import functools
import random


def largest(*values: float) -> float:
    return max(values, default=0.0)


CALL = functools.partial(largest)  # holder here


def work() -> None:
    global CALL
    CALL = functools.partial(CALL, random.random())  # stores
    assert CALL() >= CALL.args[0]
