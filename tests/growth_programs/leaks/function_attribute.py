"""Handles requests with a function that remembers what it was called with."""

# holder: handle\.calls
# kind: function attribute
# what: tuple

from __future__ import annotations

import time


def handle(path: str) -> str:
    handle.calls.append((path, time.time()))  # stores
    return path.upper()


handle.calls = []  # holder here


def work() -> None:
    handle("/index")
