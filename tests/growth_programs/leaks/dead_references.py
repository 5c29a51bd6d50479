"""Notifies observers that it does not keep alive."""

# holder: OBSERVERS
# kind: list of dead weak references
# what: weakref|ReferenceType

from __future__ import annotations

import weakref

OBSERVERS: list[weakref.ref[Observer]] = []  # holder here


class Observer:
    def __init__(self) -> None:
        self.calls = 0
        OBSERVERS.append(weakref.ref(self))  # stores

    def notify(self) -> None:
        self.calls += 1


def notify_all() -> None:
    for reference in OBSERVERS:
        observer = reference()
        if observer is not None:
            observer.notify()


def work() -> None:
    observer = Observer()
    notify_all()
    assert observer.calls == 1
