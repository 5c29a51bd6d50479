"""Variables that live as long as the process and only ever count up: each value is one that was not there before."""

from __future__ import annotations

from functools import cached_property

from leaklint.flow.model import Event
from leaklint.flow.terms import Term
from leaklint.heap.lifetime import Lifetime
from leaklint.heap.points_to import PointsTo


class Counters:
    """Finds counters among module variables and among attributes of what lives as long as the process."""

    def __init__(self, heap: PointsTo, lifetime: Lifetime) -> None:
        self.heap = heap
        self.lifetime = lifetime

    def counts(self, term: Term) -> bool:
        """Tell whether a variable or an attribute is added to somewhere, and nowhere subtracted from or set back."""
        up, down = self._changed
        if term[0] == "name":
            found = self.heap.names.name(term[1], term[2])
            return found in up and found not in down
        if ("attr", term[2]) not in up or ("attr", term[2]) in down:
            return False
        values = self.heap.evaluate(term[1])
        return bool(values) and all(
            value[0] in {"class", "anyclass", "module", "func"}
            or (value[0] == "self" and value[1] in self.lifetime.classes)
            or (value in self.lifetime.long and value[0] in {"inst", "container"})
            for value in values
        )

    @cached_property
    def _changed(self) -> tuple[frozenset[Term], frozenset[Term]]:
        """Return the variables that functions add to, and those that they subtract from or assign anew; attributes by name."""
        up: set[Term] = set()
        down: set[Term] = set()
        for function in self.heap.functions.values():
            if function.kind in {"module", "class"}:
                continue
            for event in function.events:
                if event.kind == "extend" and event.terms[0][0] in {"name", "attr"}:
                    target = self._named(event.terms[0])
                    (up if event.name == "+" and self._is_number(event.terms[1]) else down).add(target)
                elif event.kind in {"setattr", "setname"} and self._is_next(event):
                    up.add(self._named(self._target(event)))
                elif event.kind == "setattr" and function.name not in {"__init__", "__new__"}:
                    down.add(("attr", event.name))
                elif event.kind == "setname":
                    down.add(self._named(event.terms[0]))
        return frozenset(up), frozenset(down)

    @staticmethod
    def _target(event: Event) -> Term:
        return ("attr", event.terms[0], event.name) if event.kind == "setattr" else event.terms[0]

    def _is_next(self, event: Event) -> bool:
        """``n = n + 1``"""
        value = event.terms[-1]
        return value[:2] == ("op", "+") and value[2][0] == self._target(event) and self._is_number(value[2][1])

    def _named(self, target: Term) -> Term:
        return ("attr", target[2]) if target[0] == "attr" else self.heap.names.name(target[1], target[2])

    @staticmethod
    def _is_number(term: Term) -> bool:
        return term[0] == "const" and term[2] in {"int", "float"}
