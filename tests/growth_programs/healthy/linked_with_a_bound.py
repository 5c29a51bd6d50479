"""Lists edits that can be undone, of which there are at most twelve."""

# kind: linked list with a bound

from __future__ import annotations

import itertools


class UndoStep:
    def __init__(self, number: int) -> None:
        self.number = number
        self.following: UndoStep | None = None


class UndoList:
    def __init__(self) -> None:
        self.first = self.last = UndoStep(0)
        self.length = 1

    def add(self, step: UndoStep) -> None:
        self.last.following = step
        self.last = step
        self.length += 1
        if self.length > 12:
            assert self.first.following is not None
            self.first = self.first.following
            self.length -= 1


UNDO = UndoList()
_numbers = itertools.count(1)


def work() -> None:
    UNDO.add(UndoStep(next(_numbers)))
