"""Whole numbers that lie between two constants: as they are worked out, ``min(63, max(0, int(x)))``, or parts of a date."""

from __future__ import annotations

from leaklint.flow.terms import Term
from leaklint.heap.points_to import PointsTo

_WHOLE = ("plain", "int")
_SCALING = frozenset({"*", "//", "+", "-", ">>", "<<"})
_BELOW = frozenset({"builtins.max"})
_ABOVE = frozenset({"builtins.min"})
_NOT_NEGATIVE = frozenset({"builtins.len", "builtins.abs", "builtins.ord"})
_ROUNDING = frozenset({"builtins.int", "builtins.round", "builtins.len", "builtins.ord", "math.floor", "math.ceil"})


class Ranges:
    """Answers whether numbers have bounds."""

    def __init__(self, heap: PointsTo) -> None:
        """Take what terms denote."""
        self.heap = heap

    def is_clamped(self, term: Term) -> bool:
        """Tell whether a term is a whole number between two constants."""
        return self._is_whole(term) and self._has_bound(term, _BELOW) and self._has_bound(term, _ABOVE)

    def _has_bound(self, term: Term, by: frozenset[str]) -> bool:
        """Tell whether a number has a bound on one side, by ``min`` or ``max`` with a constant; scaling moves it."""
        if self._is_constant(term) or self._is_of_few(term):
            return True
        if term[0] == "op" and term[1] in _SCALING and len(term[2]) == 2:
            return self._has_bound(term[2][0], by) and self._is_constant(term[2][1])
        if term[0] != "call" or not term[2]:
            return False
        names = self._names(term)
        if names and names <= _NOT_NEGATIVE:
            return by is _BELOW
        if names and names <= _ROUNDING:
            return self._has_bound(term[2][0], by)
        if not names or not names <= _BELOW | _ABOVE or len(term[2]) < 2:
            return False
        bounds = [self._has_bound(part, by) for part in term[2]]
        return any(bounds) if names <= by else all(bounds)

    def _is_whole(self, term: Term) -> bool:
        """Tell whether a number has no fraction."""
        if self._is_of_few(term):
            return True
        if term[0] == "call" and term[2] and self._names(term) <= _BELOW | _ABOVE:
            return all(map(self._is_whole, term[2]))
        if term[0] == "call" and term[2] and self._names(term) <= _ROUNDING:
            return len(term[2]) == 1
        if term[0] == "op" and term[1] in _SCALING:
            return all(map(self._is_whole, term[2]))
        return term[2] == "int" if term[0] == "const" else self.heap.evaluate(term) == {_WHOLE}

    def _is_of_few(self, term: Term) -> bool:
        """Tell whether a term is, by contract, a number between two constants: the hour of a time, the weekday of a date."""
        read = term[1] if term[0] == "call" and not (term[2] or term[3]) else term
        if read[0] != "attr" or not self.heap.contracts.is_a(read[2], "one of few"):
            return False
        values = self.heap.evaluate(read[1])
        return bool(values) and all(value[0] in {"plain", "ext", "extinst"} for value in values)

    def _names(self, term: Term) -> frozenset[str]:
        values = self.heap.evaluate(term[1])
        return frozenset(value[1] if value[0] == "ext" else "" for value in values) or frozenset([""])

    def _is_constant(self, term: Term) -> bool:
        """Tell whether a term is a constant, a variable of a module that is only ever one, or is worked out from such."""
        if term[0] == "op" and term[1] in _SCALING:
            return all(map(self._is_constant, term[2]))
        if term[0] != "name":
            return bool(term[0] == "const")
        values = self.heap.names.assigned_to(self.heap.names.name(term[1], term[2]))
        return bool(values) and all(value[0] == "const" for value in values)
