"""Interns colours in a weak table and lists the recently used ones."""

# holder: RECENT
# kind: list beside a WeakValueDictionary
# what: PaintColour

from __future__ import annotations

import itertools
import weakref


class PaintColour:
    def __init__(self, code: int) -> None:
        self.code = code


COLOURS: weakref.WeakValueDictionary[int, PaintColour] = weakref.WeakValueDictionary()
RECENT: list[PaintColour] = []  # holder here
_codes = itertools.count(1)


def colour(code: int) -> PaintColour:
    shade = COLOURS.get(code)
    if shade is None:
        shade = COLOURS[code] = PaintColour(code)
        RECENT.insert(0, shade)  # stores
    return shade


def work() -> None:
    code = next(_codes)
    assert colour(code) is colour(code)
