"""Registers a class as a sequence while it is in use."""

# kind: ABC registry, weak by itself

from __future__ import annotations

import abc


class Readable(abc.ABC):  # noqa: B024
    pass


def work() -> None:
    source = type("Source", (), {"read": lambda self: "text"})
    Readable.register(source)
    assert isinstance(source(), Readable)
    assert not isinstance(1, Readable)
