"""Watches the sockets of peers by a selector."""

# holder: SELECTOR
# kind: selectors registrations
# what: SelectorKey|socket

from __future__ import annotations

import selectors
import socket

SELECTOR = selectors.DefaultSelector()  # holder here


def accept() -> int:
    ours, theirs = socket.socketpair()
    SELECTOR.register(ours, selectors.EVENT_READ, {"peer": theirs})  # stores
    return len(SELECTOR.select(timeout=0))


def work() -> None:
    assert accept() == 0
