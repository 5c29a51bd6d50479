"""Copies of containers and objects, shallow and deep."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from leaklint.flow.terms import Term
from leaklint.heap.points_to_values import Values, copied

if TYPE_CHECKING:
    from leaklint.heap.points_to import PointsTo


class Copies:
    """What copying gives: containers and objects of their own, told apart by where they are made and of what."""

    def __init__(self, heap: PointsTo) -> None:
        self.heap = heap
        self._parts: Counter[tuple[Term, Term]] = (
            Counter()
        )  # how many are taken over, by the copy and what it is one of

    def copied_deeply(self, term: Term, site: Term) -> Values:
        """Return what a deep copy of a value is: containers and objects, at any depth, are new ones."""
        return frozenset(self._deeply(value, site) for value in self.heap.evaluate(term))

    def _deeply(self, value: Term, site: Term) -> Term:
        if value[0] in {"inst", "self"}:
            return self._of_object(value, site)
        if value[0] != "container" or value[2][:1] + value[2][2:] == ("copy", site):
            return value
        copy = ("container", value[1], ("copy", copied(value[2]), site))
        self._hold_copies(copy, value, site)
        return copy

    def _of_object(self, value: Term, site: Term) -> Term:
        copy = ("inst", value[1], site)
        if not self.heap.is_exact(value):
            self.heap.of_heirs.add(copy)
        return copy

    def _hold_copies(self, copy: Term, value: Term, site: Term) -> None:
        for key, part in self.heap.contents.parts(value, self._parts.get((copy, value), 0)):
            self.heap.contents.hold(copy, key, ("deepcopy", part[1] if part[0] == "deepcopy" else part, site))
            self._parts[copy, value] += 1

    def returned(self, operand: str, term: Term, deep: bool = False) -> Values:
        """Return what a call gives that copies its argument; ``operand`` ends with the kind of container that comes of it."""
        values = self.heap.in_order(term[2][0]) if term[2] else ()
        words = operand.split()
        made = "" if words[-1].isdigit() else words[-1]  # the kind of container that it is in any case
        kind = made or "list"
        found = set()
        for value in values:
            if value[0] == "container":
                copy = ("container", made or value[1], term[4])
                if deep:
                    self._hold_copies(copy, value, term[4])
                else:
                    self.heap.contents.share(copy, value)
                    if value[2][:1] == ("*",):
                        self.heap.contents.hold(copy, None, ("iter", term[2][0]))
                found.add(copy)
            elif made and value[0] == "param":  # of what is handed in, the copy has what that has
                copy = ("container", made, term[4])
                self.heap.contents.hold(copy, None, ("iter", term[2][0]))
                found.add(copy)
            elif not made:
                found.add(self._of_object(value, term[4]) if value[0] in {"inst", "self"} else value)
        return frozenset(found) or frozenset([("container", kind, term[4])])
