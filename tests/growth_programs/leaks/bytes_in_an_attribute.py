"""Receives a stream and searches what has come in so far for a mark."""

# holder: STREAM\.received
# kind: bytes, extended
# what: bytes

from __future__ import annotations

import os


class ByteStream:
    def __init__(self) -> None:
        self.received = b""  # holder here

    def feed(self, data: bytes) -> int:
        self.received += data  # stores
        return self.received.find(b"\r\n\r\n")


STREAM = ByteStream()


def work() -> None:
    STREAM.feed(os.urandom(500))
