"""What code asks of the environment of the process, and what that comes to where the environment says nothing."""

from __future__ import annotations

from ast import literal_eval
from collections.abc import Callable
from operator import eq, ne
from typing import TYPE_CHECKING, Any

from leaklint.flow.terms import Term, walk

if TYPE_CHECKING:
    from leaklint.heap.feasibility import Feasibility

_UNKNOWN = object()
_CASE = frozenset({"lower", "upper", "strip", "casefold"})
_MEMBERSHIP = frozenset({"in", "not in"})
_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "==": eq, "!=": ne, "in": lambda item, items: item in items, "not in": lambda item, items: item not in items,
}  # fmt: skip


class Environment:
    """Answers whether tests ask the environment, itself or by a variable that was set to such an answer."""

    def __init__(self, feasibility: Feasibility) -> None:
        """Take what is assigned to variables."""
        self.assigned_to = feasibility.assigned_to
        self.heap = feasibility.removals.heap

    def is_asked(self, test: Term) -> bool:
        """Tell whether a test asks the environment."""
        asked = [test, *(value for part in walk(test) for value in self.assigned_to(part))]
        return any(
            self._is_environment(part)
            for term in asked for part in walk(term) if part[0] in {"name", "attr", "dotted"}
        )  # fmt: skip

    def forbids(self, test: Term, holds: bool) -> bool:
        """Tell whether a test asks the environment, and has not the outcome that lets something run where that says nothing."""
        while test[:2] == ("op", "not"):
            test, holds = test[2][0], not holds
        outcome = self._unset(test) if self.is_asked(test) else _UNKNOWN
        return outcome is not _UNKNOWN and bool(outcome) != holds

    def _is_environment(self, term: Term) -> bool:
        names = [value[1] for value in self.heap.evaluate(term) if value[0] == "ext"]
        is_a = self.heap.contracts.is_a
        return any(is_a(name, "environment") or is_a(name.rpartition(".")[0], "environment") for name in names)

    def _unset(self, term: Term, variables: frozenset[Term] = frozenset()) -> Any:
        """Return what a term comes to where the environment says nothing; ``_UNKNOWN`` where that is not seen.

        ``variables`` are those whose value is being worked out: one may be set to what it was before.
        """
        if term[0] == "const":
            return _constant(term)
        if term[0] == "name":
            values = self.assigned_to(term) if term not in variables else ()
            return self._unset(values[0], variables | {term}) if len(values) == 1 else _UNKNOWN
        if term[0] in {"tuple", "list", "set"}:
            return [self._unset(part, variables) for part in term[1]]
        if term[0] == "call" and self._is_environment(term[1]):
            return self._unset(term[2][1], variables) if len(term[2]) > 1 else None
        if term[0] == "call" and term[1][0] == "attr" and term[1][2] in _CASE and not term[2]:
            text = self._unset(term[1][1], variables)
            return getattr(text, term[1][2])() if isinstance(text, str) else _UNKNOWN
        if term[0] != "op" or term[1] not in _OPERATORS or len(term[2]) != 2:
            return _UNKNOWN
        if term[1] in _MEMBERSHIP and self._is_environment(term[2][1]):
            return bool(term[1] == "not in")
        left, right = (self._unset(part, variables) for part in term[2])
        is_known = (
            left is not _UNKNOWN and right is not _UNKNOWN and (term[1] not in _MEMBERSHIP or isinstance(right, list))
        )
        return _OPERATORS[term[1]](left, right) if is_known else _UNKNOWN


def _constant(term: Term) -> Any:
    """Return the value of a constant; ``_UNKNOWN`` for one that is not written as a literal, such as an infinite number."""
    try:
        return literal_eval(term[1])
    except ValueError:
        return _UNKNOWN
