"""Questions that go from a value to the callers that hand it in: each is worked out once, and no call is followed twice."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator
from contextlib import contextmanager
from typing import Generic, NamedTuple, TypeVar

from leaklint.heap.effects import Call, Effects
from leaklint.heap.layers import reached

Answer = TypeVar("Answer")
_MOST = 12  # answers to one question, by the way that leads to it


def callers_up(
    effects: Effects, keys: Iterable[str], most: int | None = None, follows: Callable[[Call], bool] = lambda _: True
) -> set[str]:
    """Return some functions and those by which they are called, as far as ``most`` calls up that ``follows`` agrees to."""

    def callers(key: str) -> Iterator[str]:
        return (call.caller for call in effects.calls.get(key, ()) if follows(call))

    return reached(keys, callers, most)


class _Known(NamedTuple, Generic[Answer]):
    """An answer, the calls that were followed for it, and those that were not since they are on the way to the question."""

    followed: frozenset[int]
    refused: frozenset[int]
    answer: Answer


class Callers(Generic[Answer]):
    """Answers to questions that follow calls backwards.

    An answer depends on the calls on the way to it as far as these must not be followed again; it is good for every way
    on which the same calls are refused. Where there are too many ways through a knot of recursive functions, the first
    answer stands for the rest.
    """

    def __init__(self) -> None:
        self._known: dict[Hashable, list[_Known[Answer]]] = {}
        self._way: list[int] = []
        self._noted: list[tuple[set[int], set[int]]] = []

    @contextmanager
    def after(self, calls: Iterable[Call]) -> Iterator[None]:
        """Ask questions with some calls on the way already."""
        before, self._way = self._way, [id(call) for call in calls]
        try:
            yield
        finally:
            self._way = before

    def ask(self, question: Hashable, work: Callable[[], Answer]) -> Answer:
        """Return the answer to a question: a known one that is good on this way, else the one that is worked out."""
        ways = self._known.setdefault(question, [])
        here = set(self._way)
        known = next((one for one in ways if one.refused <= here and one.followed.isdisjoint(here)), None)
        if known is None and len(ways) >= _MOST:
            known = ways[0]
        if known is None:
            known = self._worked_out(work, here)
            ways.append(known)
        for followed, refused in self._noted[-1:]:
            followed |= known.followed
            refused |= known.refused
        return known.answer

    def _worked_out(self, work: Callable[[], Answer], here: set[int]) -> _Known[Answer]:
        followed: set[int] = set()
        refused: set[int] = set()
        self._noted.append((followed, refused))
        try:
            answer = work()
        finally:
            self._noted.pop()
        return _Known(frozenset(followed), frozenset(refused & here), answer)

    def open(self, calls: Iterable[Call]) -> list[Call]:
        """Return the calls that are not on the way."""
        found = []
        for call in calls:
            if id(call) not in self._way:
                found.append(call)
            elif self._noted:
                self._noted[-1][1].add(id(call))
        return found

    def through(self, call: Call, work: Callable[[], Answer]) -> Answer:
        """Return the answer to what is asked behind a call."""
        if self._noted:
            self._noted[-1][0].add(id(call))
        self._way.append(id(call))
        try:
            return work()
        finally:
            self._way.pop()


__all__ = ["Callers", "callers_up"]
