"""Offers to undo edits, the newest first."""

# holder: UNDO
# kind: linked list, head rebound
# what: TypedLetter

from __future__ import annotations

import itertools


class TypedLetter:
    def __init__(self, text: str, before: TypedLetter | None) -> None:
        self.text = text
        self.before = before


UNDO: TypedLetter | None = None  # holder here
_letters = itertools.cycle("leak")


def type_letter(letter: str) -> None:
    global UNDO
    UNDO = TypedLetter(letter, UNDO)  # stores


def work() -> None:
    type_letter(next(_letters))
