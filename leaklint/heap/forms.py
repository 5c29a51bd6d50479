"""Canonical forms of keys: the subject that a key is worked out from, and what is done to its text on the way."""

from __future__ import annotations

from typing import NamedTuple

from leaklint.contracts.texts import ONE_FOR_ONE
from leaklint.flow.terms import Term
from leaklint.heap.points_to import PointsTo

_CASES = {"lower": "lower", "casefold": "lower", "upper": "upper"}  # equal for all but a few letters
_MOST = 6  # steps that are followed


class Form(NamedTuple):
    """A subject with the operations that make a key of it; their order makes a difference only for odd texts."""

    subject: Term
    steps: frozenset[tuple[str, ...]]


class Forms:
    """Reads canonical forms off terms."""

    def __init__(self, heap: PointsTo) -> None:
        """Take what terms denote."""
        self.heap = heap

    def of(self, key: Term) -> Form | None:
        """Return the form of a key whose every step is known; None for one that is put together, or one of several."""
        steps: set[tuple[str, ...]] = set()
        for _ in range(_MOST):
            if key[0] != "call":
                return Form(key, frozenset(steps)) if key[0] in {"param", "attr"} else None
            below = self._below(key)
            if below is None:
                return None
            key, step = below
            steps |= {step} if step else set()
        return None

    def _below(self, call: Term) -> tuple[Term, tuple[str, ...]] | None:
        """Return what a call works on, and what it does to that; nothing is done by a function that is looked into."""
        callee, given = call[1], call[2]
        if call[3]:
            return None
        if callee[0] == "attr" and callee[2] in ONE_FOR_ONE:
            fixed = all(one[0] == "const" for one in given)
            return (callee[1], (_CASES.get(callee[2], callee[2]), *(str(one[1]) for one in given))) if fixed else None
        values = self.heap.evaluate(callee)
        if len(values) != 1:
            return None
        (value,) = values
        if value[0] == "ext" and self.heap.contracts.is_a(value[1], "canonical form") and len(given) == 1:
            return given[0], (value[1],)
        return (inner, ()) if (inner := self._returned(value, call)) is not None else None

    def _returned(self, callee: Term, call: Term) -> Term | None:
        """Return the one thing that a function of the program gives back, in its caller's terms."""
        if callee[0] not in {"func", "method"} or (
            callee[0] == "method" and self.heap.calling.overrides(callee, call[1])
        ):
            return None
        function = self.heap.functions[callee[-1]]
        returned = [one.terms[0] for one in function.events if one.kind == "return"]
        if len(returned) != 1 or function.yields:
            return None
        receiver = self.heap.calling.receiver_term(call, callee) if callee[0] == "method" else None
        return self.heap.calling.substituted(
            returned[0], function.key, self.heap.calling.bind(function.key, call, receiver)
        )
