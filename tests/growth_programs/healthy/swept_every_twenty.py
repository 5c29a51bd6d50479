"""Drops dead observers from its list now and then."""

# rounds: 80
# kind: list of dead weak references, swept now and then

from __future__ import annotations

import weakref

REFERENCES: list[weakref.ref[Watcher]] = []


class Watcher:
    def __init__(self) -> None:
        if len(REFERENCES) >= 20:
            REFERENCES[:] = [reference for reference in REFERENCES if reference() is not None]
        REFERENCES.append(weakref.ref(self))


def work() -> None:
    Watcher()
