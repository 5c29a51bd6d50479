"""Terms evaluated on demand, each once, by a local solver: questions that lead to each other are completed together.

A question that is asked again while it is open gives what is known of it so far. Those who read that form a component with it
(Tarjan), which stays on a stack until its first question has its answer; then all whose reading has changed meanwhile are asked
anew, the innermost first, until nothing changes. So no answer depends on which of them was asked first.

Effects are found in rounds, each of which knows more of containers and calls than the one before. An answer that rests on
neither is settled: it stays from round to round.
"""

from __future__ import annotations

import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable
from heapq import heappop, heappush
from typing import NamedTuple, TypeVar

from leaklint.flow.terms import Term
from leaklint.heap.contents import Contents
from leaklint.heap.points_to_values import NOTHING, PART, Values

Result = TypeVar("Result")
_COMPLETE = sys.maxsize
_DEPTH = 84  # questions within questions
_WIDE = 200  # values of one term, above which it is an unknown object
_TANGLED = 3_000  # terms within one question from which on a function's result no longer depends on what it is given
_MOST = 12_000  # terms within one question from which on a further one is something unknown
_AGAIN = 6  # how often a question of a component is asked anew


class _Answer:
    """What is known of one term: in which round ``values`` are good; ``settled`` ones are good for ever.

    One that is not complete has a ``place`` on the stack, and those who read what is known of it so far. ``context`` are the
    functions whose calls lead to it.
    """

    __slots__ = ("asked", "context", "grows", "is_stale", "place", "readers", "round", "settled", "term", "values")

    def __init__(self, term: Term) -> None:
        self.term = term
        self.values: Values = NOTHING
        self.settled = self.is_stale = self.grows = False
        self.round = self.asked = 0
        self.place = -1
        self.readers: dict[_Answer, None] | None = None
        self.context: tuple[str, ...] = ()


class Watched(NamedTuple):
    """Whether something was worked out from complete answers alone, and whether a later round may add to it."""

    is_complete: bool
    may_grow: bool


class Evaluation(ABC):
    """Answers to what terms may denote, and the questions that are open."""

    def __init__(self) -> None:
        """Begin with no answer."""
        self.contents = Contents()  # what is put into containers at run time
        self.context: tuple[str, ...] = ()  # the functions whose calls the open question has followed
        self.depth = 0
        self._answers: dict[Term, _Answer] = {}
        self._round = 1
        self._stack: list[_Answer] = []  # those that are not complete
        self._stale: list[tuple[int, _Answer]] = []  # those that have read what has changed, the innermost first
        self._lowest = _COMPLETE  # the outermost place that the open question has read what is known so far of
        self._reader: _Answer | None = None
        self._terms = 0  # that were worked out within the outermost question that is open
        self._sorted: dict[Values, tuple[Term, ...]] = {}

    @abstractmethod
    def _evaluate(self, term: Term) -> Values:
        """Work out what a term may denote."""

    def forget(self, settled: bool = False) -> None:
        """Work out anew what rests on what was put into containers and on calls, or also what is settled."""
        self._round += 1
        self._sorted.clear()
        if settled:
            self._answers.clear()

    def drop(self, term: Term) -> None:
        """Work out anew what one term denotes."""
        self._answers.pop(term, None)

    def evaluate(self, term: Term) -> Values:
        """Return what a term may denote, as far as is known. A cycle is nothing in itself."""
        answer = self._answers.get(term)
        if answer is None:
            answer = self._answers[term] = _Answer(term)
        elif answer.settled:
            return answer.values
        elif answer.round == self._round:
            self.contents.asked += 1
            return answer.values
        if answer.place < 0:
            if self._terms > _MOST:
                return PART
            self._work_out(answer)
        if answer.place >= 0 and self._reader is not None:
            if answer.readers is None:
                answer.readers = {}
            answer.readers[self._reader] = None
            self._lowest = min(self._lowest, answer.place)
        return answer.values

    def _work_out(self, answer: _Answer) -> None:
        """Find an answer, and those to the questions of its component if it is the first of them."""
        place = answer.place = len(self._stack)
        self._stack.append(answer)
        answer.values, answer.context, answer.asked, answer.grows = NOTHING, self.context, 0, False
        before, self._lowest = self._lowest, place
        if self.depth < _DEPTH:
            self._ask(answer)
        else:
            self._lowest = 0
            self._note_stale(answer)
        while self._lowest == place and self._stale and -self._stale[0][0] >= place:
            self._ask(heappop(self._stale)[1])
        if self._lowest == place:
            self._close(place)
            self._lowest = before
        else:
            self._lowest = min(before, self._lowest)

    def _ask(self, answer: _Answer) -> None:
        """Ask a question by what is known so far."""
        asked, reader, context = self.contents.asked, self._reader, self.context
        self._reader, self.context = answer, answer.context
        self._terms += 1
        self.depth += 1
        answer.is_stale = False
        answer.asked += 1
        try:
            found = self._evaluate(answer.term)
        finally:
            self._reader, self.context = reader, context
            self.depth -= 1
        answer.grows |= self.contents.asked != asked
        values = found if len(found) <= _WIDE else PART
        if values != answer.values:
            answer.values = values
            for one in answer.readers or ():
                self._note_stale(one)

    def _note_stale(self, answer: _Answer) -> None:
        if not answer.is_stale and answer.asked <= _AGAIN:
            answer.is_stale = True
            heappush(self._stale, (-answer.place, answer))

    def _close(self, place: int) -> None:
        """Keep the answers of a component."""
        members = self._stack[place:]
        del self._stack[place:]
        grows = any(one.grows for one in members)
        for one in members:
            one.place, one.round, one.settled = -1, self._round, not grows
            one.readers = None
        if not self._stack:
            self._terms = 0

    def watched(self, work: Callable[[], Result]) -> tuple[Result, Watched]:
        """Do something, and tell whether its result may be kept."""
        asked, before, self._lowest = self.contents.asked, self._lowest, _COMPLETE
        try:
            found = work()
            return found, Watched(self._lowest == _COMPLETE, self.contents.asked != asked)
        finally:
            self._lowest = min(before, self._lowest)

    @property
    def tangled(self) -> bool:
        """Tell whether the open question has led to so many others that they are answered more coarsely."""
        return self._terms > _TANGLED

    def all_of(self, terms: Iterable[Term]) -> Values:
        """Return what any of several terms may denote."""
        return NOTHING.union(*[self.evaluate(term) for term in terms])

    def in_order(self, term: Term) -> Collection[Term]:
        """Return what a term may denote, in an order that does not depend on the process."""
        return self.ordered(self.evaluate(term))

    def ordered(self, values: Values) -> Collection[Term]:
        """Return values in an order that does not depend on the process, for whoever takes the first that fits."""
        if len(values) < 2:
            return values
        if values not in self._sorted:
            self._sorted[values] = tuple(sorted(values, key=repr))
        return self._sorted[values]
