"""Calls functions and writes down which function was called when."""

from __future__ import annotations

import collections
import time
from collections.abc import Callable

TRAIL: collections.deque[AuditEntry] = collections.deque()  # holder here


class AuditEntry:
    def __init__(self, action: str) -> None:
        self.action = action
        self.at = time.time()


def audit(function: Callable[..., object], *arguments: object) -> object:
    TRAIL.append(AuditEntry(function.__name__))  # stores
    return function(*arguments)
