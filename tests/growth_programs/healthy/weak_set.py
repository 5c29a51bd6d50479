"""Broadcasts to the listeners that are alive."""

# kind: WeakSet

from __future__ import annotations

import weakref


class NewsListener:
    def __init__(self) -> None:
        self.received: list[str] = []
        LISTENERS.add(self)


LISTENERS: weakref.WeakSet[NewsListener] = weakref.WeakSet()


def work() -> None:
    listener = NewsListener()
    for each in LISTENERS:
        each.received.append("hello")
    assert listener.received == ["hello"]
