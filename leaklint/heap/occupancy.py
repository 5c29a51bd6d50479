"""How long an object stays where it is: an attribute that is assigned again and again holds one object after another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leaklint.flow.model import Event
from leaklint.heap.heap_place import HeapPlace, is_set_later
from leaklint.heap.multiplicity import MANY, Multiplicity
from leaklint.heap.namespaces import is_constructor

if TYPE_CHECKING:
    from leaklint.heap.effects import Effects

_DEPTH = 3  # callers above a method that a constructor may call


class Occupancy:
    """Tells the attributes whose object is replaced while the program runs."""

    def __init__(self, effects: Effects, multiplicity: Multiplicity) -> None:
        """Take the call graph and how often code runs."""
        self.effects = effects
        self.multiplicity = multiplicity

    def is_one_of_many(self, location: HeapPlace) -> bool:
        """Tell whether a variable leads to a holder of which each run of a function has another."""
        return bool(location.maker) and self.multiplicity.runs(location.maker) == MANY

    def replaced(self, location: HeapPlace) -> str:
        """Return the attribute on the way to a holder that is given one object after another; nothing if none is."""
        return next((event.name for function, event in location.slots[:-1] if self._is_replaced(function, event)), "")

    def _is_replaced(self, function: str, event: Event) -> bool:
        many = self.multiplicity.event_runs(function, event) == MANY and not self._goes_on_for_ever(function, event)
        return many and is_set_later(function, event) and not self._constructs(function, 0)

    def _goes_on_for_ever(self, function: str, event: Event) -> bool:
        """Tell whether a function does not come back from a loop behind an assignment, which holds all that time."""
        loops = (one for one in self.effects.heap.functions[function].events if one.kind == "while" and not one.name)
        return any(one.terms[0][0] == "const" and event.place < one.place for one in loops)

    def _constructs(self, function: str, depth: int) -> bool:
        """Tell whether only constructors call a method, so that it runs once for each object."""
        calls = self.effects.calls.get(function, ())
        return bool(calls) and all(
            is_constructor(self.effects.heap.functions[call.caller].name)
            or (depth < _DEPTH and self._constructs(call.caller, depth + 1))
            for call in calls
        )
