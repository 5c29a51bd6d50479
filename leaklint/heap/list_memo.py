"""Answers about lists of effects that are asked once for each of many stores, worked out once a list."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from leaklint.heap.effects import Effect

T = TypeVar("T")
_MOST = 256  # lists that are remembered: those of the holders that are judged at a time


class ListMemo(Generic[T]):
    """Remembers what was worked out of a list, as long as it is asked about the very same list, which nobody changes."""

    def __init__(self, work: Callable[[list[Effect]], T]) -> None:
        """Take what works it out."""
        self._work = work
        self._known: dict[int, tuple[list[Effect], T]] = {}

    def __call__(self, effects: list[Effect]) -> T:
        """Return what is worked out of a list."""
        known = self._known.get(id(effects))
        if known is None:
            if len(self._known) >= _MOST:
                self._known.clear()
            known = self._known[id(effects)] = effects, self._work(effects)
        return known[1]
