"""Terms evaluated on demand, each once: a question that leads back to itself, and one that leads to too many others.

Effects are found in rounds, each of which knows more of containers and calls than the one before. An answer that rests on
neither is settled: it stays from round to round.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable

from leaklint.flow.terms import Term
from leaklint.heap.contents import Contents
from leaklint.heap.points_to_values import NOTHING, PART, Values

_DEPTH = 14  # how many calls deep a value is followed
_WIDE = 200  # values of one term, above which it is an unknown object
_TANGLED = 3_000  # terms within one question from which on a function's result no longer depends on what it is given
_MOST = 12_000  # terms within one question from which on a further one is something unknown


class _Answer:
    """What is known of one term: in which round, or within which outermost question, ``values`` are good.

    ``settled`` ones are good for ever.
    """

    __slots__ = ("is_open", "question", "round", "settled", "values")

    def __init__(self) -> None:
        self.values: Values = NOTHING
        self.settled = self.is_open = False
        self.round = self.question = 0


class Evaluation(ABC):
    """Answers to what terms may denote, and the questions that are open."""

    def __init__(self) -> None:
        """Begin with no answer."""
        self.contents = Contents()  # what is put into containers at run time
        self._answers: dict[Term, _Answer] = {}
        self._round = self._question = 1
        self._provisional: list[_Answer] = []  # good within the outermost question that is open
        self._hits: set[_Answer] = set()  # the open ones that were asked for again
        self._asked = 0  # terms that were worked out within the outermost question that is open
        self.incomplete = 0  # answers so far that are none yet, or hold within the open question alone
        self.depth = 0

    @abstractmethod
    def _evaluate(self, term: Term) -> Values:
        """Work out what a term may denote."""

    def forget(self, settled: bool = False) -> None:
        """Work out anew what rests on what was put into containers and on calls, or also what is settled."""
        self._round += 1
        if settled:
            self._answers.clear()

    def evaluate(self, term: Term) -> Values:
        """Return what a term may denote. A cycle is nothing in itself."""
        answer = self._answers.get(term)
        if answer is None:
            answer = self._answers[term] = _Answer()
        elif answer.settled:
            return answer.values
        elif answer.round == self._round:
            self.contents.asked += 1
            return answer.values
        if self.depth and (known := self._so_far(answer)) is not None:
            self.incomplete += 1
            self.contents.asked += 1
            return known
        self._work_out(term, answer)
        return answer.values

    def _work_out(self, term: Term, answer: _Answer) -> None:
        """Find an answer, which is provisional if it rests on what is not complete yet."""
        asked, before = self.contents.asked, self._hits
        self._hits = set()
        self._asked += 1
        self.depth += 1
        answer.is_open = True
        try:
            found = self._evaluate(term)
        finally:
            answer.is_open = False
            self.depth -= 1
            self._hits.discard(answer)
            hits, self._hits = self._hits, before | self._hits
        answer.values = found if len(found) <= _WIDE else PART
        if hits:
            answer.question = self._question
            self._provisional.append(answer)
        else:
            answer.round = self._round
            answer.settled = self.contents.asked == asked
        if not self.depth:
            self._closed(answer)

    def _so_far(self, answer: _Answer) -> Values | None:
        """Return what is known of a term within the open question, if it cannot be worked out there."""
        if answer.question == self._question:
            return answer.values
        if answer.is_open or self.depth > _DEPTH * 6:
            self._hits.add(answer)
            return NOTHING
        return PART if self._asked > _MOST else None

    @property
    def tangled(self) -> bool:
        """Tell whether the open question has led to so many others that they are answered more coarsely."""
        return self._asked > _TANGLED

    def _closed(self, answer: _Answer) -> None:
        """Keep the answer to an outermost question; of a tangle, all answers, as each is reached from all the others."""
        for one in self._provisional if self.tangled else ():
            one.round = self._round
        answer.round = self._round
        self._asked = 0
        self._question += 1
        self._hits.clear()
        self._provisional.clear()

    def all_of(self, terms: Iterable[Term]) -> Values:
        """Return what any of several terms may denote."""
        return frozenset().union(*(self.evaluate(term) for term in terms))
