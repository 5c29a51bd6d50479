"""Talks to a peer by a pair of sockets."""

# kind: sockets and a selector, closed

from __future__ import annotations

import selectors
import socket


def work() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs, selectors.DefaultSelector() as selector:
        selector.register(ours, selectors.EVENT_READ, b"peer")
        theirs.send(b"hello")
        assert [key.data for key, _ in selector.select(timeout=1)] == [b"peer"]
        assert ours.recv(10) == b"hello"
