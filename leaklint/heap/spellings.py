"""How the texts that go through a program begin, as far as constants say so."""

from __future__ import annotations

from leaklint.flow.terms import Term, options
from leaklint.heap.effects import Effects
from leaklint.heap.points_to import PointsTo

_DEPTH = 6  # how many callers, functions and variables a text is followed through
_CALLS = 20


class Spellings:
    """Follows texts to the constants that they begin with."""

    def __init__(self, heap: PointsTo, effects: Effects) -> None:
        """Take what is asked for values, and for calls."""
        self.heap = heap
        self.effects = effects

    def starts(self, term: Term, depth: int = 0) -> list[str]:
        """Return constants with which the many texts that a term may denote begin; what is not known is left out."""
        found: dict[str, None] = {}
        for option in options(term) if depth < _DEPTH else ():
            found.update(dict.fromkeys(self._of(option, depth)))
        return list(found)

    def _of(self, term: Term, depth: int) -> list[str]:
        kind = term[0]
        if kind == "const":
            return [term[1][1:-1]] if depth and term[2] == "str" else []
        if kind == "text":
            return [term[2]] if term[2] else [one for part in term[1][:1] for one in self.starts(part, depth + 1)]
        if kind == "op" and term[1] in {"+", "%"}:
            begun = self.starts(term[2][0], depth + 1)
            return begun if term[1] == "+" else [one.partition("%")[0] for one in begun]
        if kind == "param":
            calls = self.effects.calls.get(term[1], ())[:_CALLS]
            given = [call.bound[term[2]] for call in calls if term[2] in call.bound]
            return [start for one in given if one[0] != "const" or depth for start in self.starts(one, depth + 1)]
        if kind == "fresh":
            values = (value for value in self.heap.reaching(term) if value != term)
            return [start for value in values for start in self.starts(value, depth + 1)]
        return self._returned(term, depth) if kind == "call" else []

    def _returned(self, term: Term, depth: int) -> list[str]:
        """Return how the texts begin that a function of the program gives back."""
        found: list[str] = []
        for callee in self.heap.evaluate(term[1]):
            if callee[0] in {"func", "method"}:
                receiver = self.heap.calling.receiver_term(term, callee) if callee[0] == "method" else None
                bound = self.heap.calling.bind(callee[-1], term, receiver)
                for event in self.heap.functions[callee[-1]].events:
                    if event.kind == "return":
                        given = self.heap.calling.substituted(event.terms[0], callee[-1], bound)
                        found += self.starts(given, depth + 1)
        return found
