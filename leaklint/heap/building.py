"""Containers that are filled by the very run of a function that makes them: each run fills one of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from leaklint.flow.model import Function, target_of
from leaklint.flow.terms import DISPLAYS, Term, root, union

if TYPE_CHECKING:
    from leaklint.heap.effects import Effect
    from leaklint.heap.points_to import PointsTo

_DEPTH = 4  # how many assignments a local variable is followed


class Building:
    """Tells the stores that fill a container while it is made from those that come later.

    What a run of a function puts into a container that this run has made is as much as one run makes, however often the
    function is called: a container that is kept is another one each time. It grows where another run comes back to it,
    or where the run itself goes on for ever.
    """

    def __init__(self, heap: PointsTo, is_single: Callable[[str], bool]) -> None:
        """Take the points-to sets, and what tells whether a class hands out one object only."""
        self.heap = heap
        self.is_single = is_single
        self._known: dict[tuple[str, int], bool] = {}  # the functions that return what they have made, by the depth

    def fills_its_own(self, effect: Effect, is_field: bool) -> bool:
        """Tell whether a store fills a container that the same run of a function has made, or that of an object it has made.

        ``is_field`` tells that each object of a class has a container of its own as attribute.
        """
        function = self.heap.functions[effect.chain[-1].caller if effect.chain else effect.function]
        event = effect.chain[-1].event if effect.chain else effect.event
        if function.kind in {"module", "class"} or function.yields:
            return False
        if any(guard.kind == "while" and guard.test[0] == "const" for guard in event.guards):
            return False
        if self._is_replaced(effect):
            return True
        site = effect.container[2]  # of an object of a class of the program that is a container: that class
        owned = is_field and effect.base[0] == "attr" and effect.base[1] == root(effect.base)
        made_here = owned or site[:1] == ("class",) or self._is_made_in(site, function)
        return made_here and self._is_new(_start(effect.base), function, 0)

    def _is_replaced(self, effect: Effect) -> bool:
        """Tell whether the run that fills the container of an attribute has made it one of its own before."""
        function = self.heap.functions[effect.function]
        return any(
            one.kind == "setattr"
            and target_of(one) == effect.base
            and one.place < effect.event.place
            and one.guards == effect.event.guards[: len(one.guards)]
            and self._is_new(one.terms[1], function, 0)
            for one in function.events
        )

    @staticmethod
    def _is_made_in(site: Term, function: Function) -> bool:
        """Tell whether a site stands in the text of a function."""
        if len(site) < 5 or site[0] != function.key.partition(":")[0] or not isinstance(site[1], int):
            return False
        return bool(function.place[0] <= site[1] and site[3] <= function.place[2])

    def _is_new(self, term: Term, function: Function, depth: int) -> bool:
        """Tell whether a term of a function is a container that this run has made."""
        if term[0] in DISPLAYS or term[0] == "comp":
            return True
        if term[0] == "call":
            values = self.heap.evaluate(term)
            return (bool(values) and all(self._is_made_by(term, value) for value in values)) or self._is_handed_new(
                term, depth
            )
        if term[0] == "union":
            return all(part[0] == "const" or self._is_new(part, function, depth) for part in term[1])
        if term[0] == "fresh" and term[1] == function.key and depth < _DEPTH:
            given = self.heap.reaching(term)
            return bool(given) and all(
                one == term or one[0] == "const" or self._is_new(root(one), function, depth + 1) for one in given
            )
        return False

    def _is_made_by(self, call: Term, value: Term) -> bool:
        is_object = value[0] == "container" or (value[0] == "inst" and not self.is_single(value[1]))
        return is_object and value[2] == call[4]

    def _is_handed_new(self, call: Term, depth: int) -> bool:
        """Tell whether a call runs functions alone that return what each of their runs has made."""
        callees = self.heap.evaluate(call[1])
        return bool(callees) and depth < _DEPTH and all(
            callee[0] in {"func", "method"} and self._hands_out_new(callee[-1], depth) for callee in callees
        )  # fmt: skip

    def _hands_out_new(self, key: str, depth: int) -> bool:
        if (key, depth) not in self._known:
            self._known[key, depth] = self._returns_new(key, depth)
        return self._known[key, depth]

    def _returns_new(self, key: str, depth: int) -> bool:
        function = self.heap.functions[key]
        given = [root(event.terms[0]) for event in function.events if event.kind == "return"]
        return not function.yields and bool(given) and all(self._is_new(one, function, depth + 1) for one in given)


def _start(term: Term) -> Term:
    """Return what attributes and elements of a term start from; of an element of a display, what that is made of."""
    while term[0] in {"attr", "elem", "iter", "slice", "enter"}:
        if term[0] in {"elem", "iter"} and term[1][0] in {"tuple", "list", "set"}:
            return union([_start(part) for part in term[1][1]])
        term = term[1]
    return term
