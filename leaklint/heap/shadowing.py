"""Containers on classes that are reached through objects, which may have an attribute of their own by that name."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from leaklint.flow.model import Event
from leaklint.flow.terms import Term, root, walk
from leaklint.heap.effects import Effect
from leaklint.heap.namespaces import is_constructor, is_namespace

if TYPE_CHECKING:
    from leaklint.heap.retention import Heap

_CALLERS = 4  # calls up to which an assignment is looked for


class Shadowing:
    """Judges whether what goes into a class's container by an object may go into one of the object's own."""

    def __init__(self, heap: Heap) -> None:
        """Take what is asked for everything else."""
        self.heap = heap

    def by_any_name(self, effect: Effect) -> bool:
        """Tell whether a class's container is reached through an object whose constructor sets attributes of any name."""
        classes = self._of_objects(effect)
        return bool(classes) and all(key in self._fills_any_name for key in classes)

    def by_assignment(self, effect: Effect) -> bool:
        """Tell whether an object has always been assigned an attribute of that name where it puts something in."""
        where = self.heap.location(effect.container)
        if where is None or not self._of_objects(effect):
            return False
        return self._is_assigned_before(effect.function, effect.event, where.name, 0)

    def _is_assigned_before(self, key: str, event: Event, name: str, depth: int) -> bool:
        """Tell whether a method, or all that are seen to call it, have assigned an attribute before they come to an event."""
        function = self.heap.points_to.functions[key]
        if not function.owner or not function.params:
            return False
        own: Term = ("param", key, function.params[0].name)
        for other in function.events:
            if other.kind == "setattr" and other.name == name and other.terms[0] == own and other.place < event.place:
                if event.guards[: len(other.guards)] == other.guards:
                    return True
        calls = self.heap.effects.calls.get(key, ())
        return depth < _CALLERS and bool(calls) and all(
            self._is_assigned_before(call.caller, call.event, name, depth + 1) for call in calls
        )  # fmt: skip

    def _of_objects(self, effect: Effect) -> list[str]:
        """Return the classes of the objects through which a class's container is reached."""
        where = self.heap.location(effect.container)
        if where is None or where.scope != "class":
            return []
        bases = [read[1] for read in walk(effect.base) if read[0] == "attr" and read[2] == where.name]
        values = [value for base in bases for value in self.heap.points_to.evaluate(base)]
        return [
            value[1]
            for value in values
            if value[0] in {"self", "inst"} and value[1] in self.heap.points_to.names.classes
        ]

    @cached_property
    def _fills_any_name(self) -> frozenset[str]:
        """Return the classes, with their heirs, whose constructor sets attributes of names that are no constants."""
        points_to, classes = self.heap.points_to, set()
        for effect in self.heap.effects.effects:
            function = points_to.functions[effect.function]
            constructs = function.owner and is_constructor(function.name) and function.params
            if constructs and effect.kind == "store" and is_namespace(effect.container) and not effect.chain:
                if root(effect.base) == ("param", function.key, function.params[0].name):
                    classes |= points_to.classes.below(function.owner)
        return frozenset(classes)
