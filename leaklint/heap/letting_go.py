"""Objects that a function makes, calls methods of and lets go: what only their finalizer does is never done, if they stay."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leaklint.flow.terms import Term, children
from leaklint.heap.effects import Call
from leaklint.heap.multiplicity import MANY

if TYPE_CHECKING:
    from leaklint.heap.feasibility import Feasibility


class LettingGo:
    """Tells whether the program leaves its objects to their finalizers."""

    def __init__(self, feasibility: Feasibility) -> None:
        """Take what is asked for everything else."""
        self.feasibility = feasibility
        self.heap = feasibility.removals.heap
        self.multiplicity = feasibility.removals.multiplicity

    def is_left_to_finalizer(self, key: str, held: set[str]) -> bool:
        """Tell whether the program itself comes to a function by ``__del__`` of what is held, and at its end, and else never.

        Users could call the function; but who cleans up at the end what is left means that they need not, and so does who
        makes such an object and lets it go.
        """
        calls = [one for one in self.feasibility.removals.effects.calls.get(key, ()) if one.caller != key]
        callers = [self.heap.functions[call.caller] for call in calls]
        finalizers = [one for one in callers if self.feasibility.finalizes(one, held)]
        at_end = [one for one in callers if one not in finalizers]
        if finalizers and at_end and all(map(self.feasibility.process_end.has, at_end)):
            return True
        return self._comes_by_finalizer(key, held) and any(map(self._are_let_go, held))

    def _comes_by_finalizer(self, key: str, held: set[str]) -> bool:
        """Tell whether all ways of the program to a function begin with ``__del__`` of what is held."""
        feasibility, stack, seen, finalized = self.feasibility, [key], {key}, False
        while stack:
            function = self.heap.functions[stack.pop()]
            if feasibility.finalizes(function, held):
                finalized = True
                continue
            callers = {call.caller for call in feasibility.removals.effects.calls.get(function.key, ())} - {
                function.key
            }
            if not callers or function.key in self.multiplicity.escaping or feasibility.is_hook(function):
                return False
            if any(feasibility.is_unresolved(event) for _, event in feasibility.calls_by_name.get(function.name, ())):
                return False
            stack += callers - seen
            seen |= callers
        return finalized

    def _are_let_go(self, key: str) -> bool:
        """Tell whether the program makes many objects of a class, and lets some go as they are."""
        made = self.multiplicity.constructions(key) if key in self.heap.names.classes else []
        return any(self.multiplicity.call_runs(one) == MANY and self._is_let_go(one) for one in made)

    def _is_let_go(self, made: Call) -> bool:
        """Tell whether the function that makes an object hands it to nobody: it calls methods and reads attributes."""
        function = self.heap.functions[made.caller]
        if function.kind in {"module", "class"}:
            return False
        others = (event for event in function.events if event is not made.event)
        return not any(self._hands_on(made, top) for event in others for top in event.terms)

    def _hands_on(self, made: Call, top: Term) -> bool:
        """Tell whether a term has an object in it other than as what a method is called on, or an attribute is read of."""
        stack = [top]
        while stack:
            term = stack.pop()
            if term == made.term or self._returns_it(made, term):
                return True
            if term[0] != "attr" or term[1] != made.term:
                stack.extend(children(term))
        return False

    def _returns_it(self, made: Call, term: Term) -> bool:
        """Tell whether a term calls a method of an object that may return the object itself."""
        if term[0] != "call" or term[1][0] != "attr" or term[1][1] != made.term:
            return False
        return any(value[0] in {"self", "inst"} and value[1] == made.callee for value in self.heap.evaluate(term))
