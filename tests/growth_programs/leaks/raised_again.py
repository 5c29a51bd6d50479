"""Answers that a port is closed with one error object, which each raise gives a longer traceback."""

# holder: CLOSED
# kind: traceback of an exception of the module
# what: traceback|frame
# alone: yes

from __future__ import annotations

import contextlib


class PortClosedError(Exception):
    pass


CLOSED = PortClosedError("the port is closed")  # holder here


def write(data: bytes) -> None:
    buffer = bytearray(data * 20)
    raise CLOSED if buffer else ValueError  # stores


def work() -> None:
    with contextlib.suppress(PortClosedError):
        write(b"x")
