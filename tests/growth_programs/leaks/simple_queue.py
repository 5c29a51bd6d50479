"""Sends letters to a dead-letter queue when their address is unknown."""

# holder: DEAD_LETTERS
# kind: queue.SimpleQueue
# what: bytes

from __future__ import annotations

import os
import queue

DEAD_LETTERS = queue.SimpleQueue()  # holder here


def send(address: str, body: bytes) -> bool:
    if "@" not in address:
        DEAD_LETTERS.put_nowait(body)  # stores
        return False
    return True


def work() -> None:
    assert send("ann@example", b"hello")
    assert not send("nobody", os.urandom(100))
