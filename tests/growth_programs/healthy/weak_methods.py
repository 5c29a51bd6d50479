"""Notifies bound methods of objects that it does not keep alive, and drops dead ones."""

# kind: list of WeakMethod, swept

from __future__ import annotations

import weakref
from collections.abc import Callable

CALLBACKS: list[weakref.WeakMethod[Callable[[], None]]] = []


class SidePanel:
    def __init__(self) -> None:
        self.dirty = False
        CALLBACKS.append(weakref.WeakMethod(self.refresh))

    def refresh(self) -> None:
        self.dirty = True


def notify() -> None:
    CALLBACKS[:] = [reference for reference in CALLBACKS if reference() is not None]
    for reference in CALLBACKS:
        callback = reference()
        if callback is not None:
            callback()


def work() -> None:
    panel = SidePanel()
    notify()
    assert panel.dirty
