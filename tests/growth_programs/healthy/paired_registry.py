"""Registers requests while they run."""

# kind: registry with paired removal

from __future__ import annotations

import uuid


class RequestRegistry:
    def __init__(self) -> None:
        self.running: dict[str, dict[str, object]] = {}

    def enter(self, path: str) -> str:
        key = uuid.uuid4().hex
        self.running[key] = {"path": path}
        return key

    def leave(self, key: str) -> None:
        del self.running[key]


REGISTRY = RequestRegistry()


def work() -> None:
    key = REGISTRY.enter("/index")
    try:
        assert len(REGISTRY.running) == 1
    finally:
        REGISTRY.leave(key)
