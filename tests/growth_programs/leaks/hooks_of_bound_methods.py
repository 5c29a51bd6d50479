"""Lets views react to changes of a model."""

# holder: HOOKS
# kind: list of bound methods
# what: method|TableView

from __future__ import annotations

HOOKS = []  # holder here


class TableView:
    def __init__(self, name: str) -> None:
        self.name = name
        self.dirty = False
        HOOKS.append(self.refresh)  # stores

    def refresh(self) -> None:
        self.dirty = True


def change() -> None:
    for hook in HOOKS:
        hook()


def work() -> None:
    view = TableView("table")
    change()
    assert view.dirty
