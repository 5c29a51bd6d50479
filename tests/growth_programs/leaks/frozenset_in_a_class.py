"""Remembers which plug-ins a host has loaded, in a set that nobody can change."""

# holder: loaded
# kind: frozenset in a class attribute, rebuilt
# what: str

from __future__ import annotations

import uuid


class PluginHost:
    loaded: frozenset[str] = frozenset()  # holder here

    @classmethod
    def load(cls, name: str) -> int:
        cls.loaded = cls.loaded | {name}  # stores
        return len(cls.loaded)


def work() -> None:
    PluginHost.load(uuid.uuid4().hex)
