"""Reads preferences through objects that share one state."""

# holder: _shared|__dict__
# kind: instance __dict__ shared by all instances
# what: str

from __future__ import annotations

import uuid


class Preferences:
    _shared: dict[str, str] = {}  # holder here

    def __init__(self) -> None:
        self.__dict__ = self._shared

    def prefer(self, topic: str) -> None:
        setattr(self, f"topic_{topic}", topic)  # stores


def work() -> None:
    Preferences().prefer(uuid.uuid4().hex)
