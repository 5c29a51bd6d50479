"""Terms evaluated on demand, each once: a question that leads back to itself, and one that leads to too many others."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable

from leaklint.flow.terms import Term
from leaklint.heap.points_to_values import NOTHING, PART, Values

_DEPTH = 14  # how many calls deep a value is followed
_WIDE = 200  # values of one term, above which it is an unknown object
_TANGLED = 3_000  # terms within one question from which on a function's result no longer depends on what it is given
_MOST = 12_000  # terms within one question from which on a further one is something unknown


class Evaluation(ABC):
    """Answers to what terms may denote, and the questions that are open."""

    def __init__(self) -> None:
        """Begin with no answer."""
        self._known: dict[Term, Values] = {}
        self._provisional: dict[Term, Values] = {}
        self._open: set[Term] = set()
        self._hits: set[Term] = set()
        self._asked = 0  # terms that were worked out within the outermost question that is open
        self.incomplete = 0  # answers so far that are none yet, or hold within the open question alone
        self.depth = 0

    @abstractmethod
    def _evaluate(self, term: Term) -> Values:
        """Work out what a term may denote."""

    def forget(self) -> None:
        """Work everything out anew."""
        self._known.clear()

    def evaluate(self, term: Term) -> Values:
        """Return what a term may denote. A cycle is nothing in itself."""
        known = self._known.get(term)
        if known is not None:
            return known
        if self._open and (known := self._so_far(term)) is not None:
            self.incomplete += 1
            return known
        self._asked += 1
        self._open.add(term)
        self.depth += 1
        before, self._hits = self._hits, set()
        try:
            found = self._evaluate(term)
        finally:
            self._open.discard(term)
            self.depth -= 1
            self._hits.discard(term)
            hits, self._hits = self._hits, before | self._hits
        found = found if len(found) <= _WIDE else PART
        if hits:  # it rests on what is not complete yet: good enough for whoever asks within this question
            self._provisional[term] = found
        else:
            self._known[term] = found
        if not self._open:
            self._closed(term, found)
        return found

    def _so_far(self, term: Term) -> Values | None:
        """Return what is known of a term within the open question, if it cannot be worked out there."""
        if term in self._provisional:
            return self._provisional[term]
        if term in self._open or self.depth > _DEPTH * 6:
            self._hits.add(term)
            return NOTHING
        return PART if self._asked > _MOST else None

    @property
    def tangled(self) -> bool:
        """Tell whether the open question has led to so many others that they are answered more coarsely."""
        return self._asked > _TANGLED

    def _closed(self, term: Term, found: Values) -> None:
        """Keep the answer to an outermost question; of a tangle, all answers, as each is reached from all the others."""
        if self.tangled:
            self._known.update(self._provisional)
        self._asked = 0
        self._hits.clear()
        self._provisional.clear()
        self._known[term] = found

    def all_of(self, terms: Iterable[Term]) -> Values:
        """Return what any of several terms may denote."""
        return frozenset().union(*(self.evaluate(term) for term in terms))
