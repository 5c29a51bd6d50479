"""Weak references that stay in a holder when what they refer to has gone: nothing takes them out."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from leaklint.contracts.containers import REMOVERS
from leaklint.flow.model import Event, base_of
from leaklint.flow.terms import Term, root_of_reads, walk
from leaklint.heap.arguments import argument_at
from leaklint.heap.effects import Effect
from leaklint.heap.feasibility import UNRESOLVED
from leaklint.heap.weak_callbacks import makes_reference

if TYPE_CHECKING:
    from leaklint.heap.retention import Heap

_DELETIONS = frozenset({"delitem", "clear", "delslice"})


class DeadReferences:
    """Judges stores of weak references."""

    def __init__(self, heap: Heap) -> None:
        """Take what is asked for everything else."""
        self.heap = heap
        self._leading: dict[Term, set[str]] = {}

    def stay(self, effect: Effect, term: Term) -> bool:
        """Tell whether a weak reference that is stored has no callback, or one that never comes to its holder."""
        around = self.heap.points_to.evaluate(root_of_reads(effect.base))
        if any(one[0] == "container" and one[1].startswith("weak:") for one in around):
            return False  # it goes with the key of what it is in
        return any(
            one[0] == "call"
            and one[2]
            and makes_reference(self.heap.points_to, one)
            and not self._is_taken_out(effect, one)
            for one in walk(term)
        )

    def take_their_entry(self, effect: Effect) -> bool:
        """Tell whether the value of an entry is a weak reference whose callback may take the whole entry out."""
        value = effect.value
        if value is None or value[0] != "call" or not makes_reference(self.heap.points_to, value):
            return False
        return argument_at(value, 1, "callback") is not None and self._is_taken_out(effect, value)

    def _is_taken_out(self, effect: Effect, reference: Term) -> bool:
        """Tell whether the callback of a weak reference may take it out of the holder into which an effect puts it."""
        callback = argument_at(reference, 1, "callback")
        if callback is None:
            return len(reference[2]) > 1 or bool(reference[3])
        values = self.heap.points_to.evaluate(callback)
        known = bool(values) and all(value[0] in {"func", "method", "cmethod"} for value in values)
        return not known or any(
            value[1] == effect.container if value[0] == "cmethod" else self._may_take(value[-1], effect.container)
            for value in values
        )

    def _may_take(self, key: str, container: Term) -> bool:
        """Tell whether a function takes something out of a holder, or out of what is not known and may be that."""
        takers, points_to = self._takers(container), self.heap.points_to
        if key in takers:
            return True
        names = REMOVERS | {points_to.functions[one].name for one in takers}
        changed = (base_of(one) for one in points_to.functions[key].events if _takes_by(one, names))
        bases = (points_to.evaluate(base) for base in changed if base is not None)
        return any(all(one in UNRESOLVED or one[0] == "param" for one in values) for values in bases)

    def _takers(self, container: Term) -> set[str]:
        """Return the functions that take something out of a holder, and those that lead to them by calls."""
        if container not in self._leading:
            location = self.heap.location(container)
            stack = [one.function for one in self._removals if self.heap.location(one.container) == location]
            found: set[str] = set()
            while stack:
                key = stack.pop()
                if key not in found:
                    found.add(key)
                    stack += [call.caller for call in self.heap.effects.calls.get(key, ())]
            self._leading[container] = found
        return self._leading[container]

    @cached_property
    def _removals(self) -> list[Effect]:
        """Return what is taken out anywhere, variables that are given another container included."""
        every = (*self.heap.effects.effects, *self.heap.rebinding.rebinds())
        return [one for one in every if one.kind == "remove"]


def _takes_by(event: Event, names: frozenset[str]) -> bool:
    """Tell whether an event deletes elements, or calls a method by one of some names."""
    callee: Term = event.terms[0][1] if event.kind == "call" else ()
    return event.kind in _DELETIONS or (callee[:1] == ("attr",) and callee[2] in names)
