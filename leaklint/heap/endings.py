"""Removals at the end of the holder itself: they say nothing of an entry whose life ends before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leaklint.flow.model import Function
from leaklint.flow.terms import options
from leaklint.heap.effects import Effect
from leaklint.heap.multiplicity import MANY

if TYPE_CHECKING:
    from leaklint.heap.removal import Removals

_WHOLE = frozenset({"clear", "pop", "popitem", "popleft", "close", "pop_all"})
_CALLERS = 5  # how many callers up the end of an object is followed


class Endings:
    """Tells what happens only when users close the object that has a holder."""

    def __init__(self, removals: Removals) -> None:
        """Take what is asked for everything else."""
        self.removals = removals
        self._closing: dict[str, bool] = {}

    def is_holders(self, removal: Effect) -> bool:
        """Tell whether a removal empties a holder when the object that has it is closed, and at no other time."""
        function = self.removals.heap.functions[removal.function]
        if not function.owner or not self._is_closing(function):
            return False
        where = self.removals.lifetime.where(removal.container)
        if where is None or where.scope not in {"field", "object"}:
            return False
        if where.owner not in self.removals.heap.names.classes or function.owner in self.removals.entries:
            return False  # what an entry's own close() takes out goes when the entry's users are done
        own = self.removals.heap.classes.related(function.owner, where.owner)
        return own and self._is_whole(removal)

    def is_tracked(self, store: Effect, removal: Effect | None) -> bool:
        """Tell whether what a function makes for its callers is noted as well, to be closed with the holder at the latest.

        What such code gives away is an object of which users are done at some time, whatever its class is.
        """
        if removal is None or store.value is None or not self.is_holders(removal):
            return False
        made = store.value[0] == "call" and self.removals.coverage.equality.is_returned(store.function, store.value)
        return made and (store.container[1] == "exitstack" or self.closes_taken(removal))

    def closes_taken(self, removal: Effect) -> bool:
        """Tell whether a function closes what it takes out of a container."""
        from leaklint_runtime.closers import NAMES

        taken = removal.event.terms[0]
        return removal.event.kind == "call" and any(
            event.kind == "call"
            and event.terms[0][1][0] == "attr"
            and event.terms[0][1][2] in NAMES
            and taken in options(event.terms[0][1][1])
            for event in self.removals.heap.functions[removal.function].events
        )

    def _is_whole(self, removal: Effect) -> bool:
        """Tell whether a removal goes on until nothing is left."""
        if removal.how not in _WHOLE or removal.key is not None:
            return False
        tests = [guard.test for guard in removal.event.guards if guard.kind == "while" and guard.holds]
        return removal.how in {"clear", "close", "pop_all"} or any(
            self.removals.runs_over(test, removal.container) for test in tests
        )

    def _is_closing(self, function: Function) -> bool:
        """Tell whether a method closes its object, each asked once."""
        if function.key not in self._closing:
            self._closing[function.key] = self._closes(function, set())
        return self._closing[function.key]

    def _closes(self, function: Function, seen: set[str]) -> bool:
        """Tell whether a method closes its object: by its name, and whatever calls it closes an object as well."""
        from leaklint_runtime.closers import NAMES

        seen.add(function.key)
        calls = self.removals.effects.calls.get(function.key, ())
        if function.name in {"__exit__", "__aexit__"}:  # the block in which the program works, rather than one of many
            runs = [self.removals.multiplicity.call_runs(call) for call in calls]
            return bool(runs) and MANY not in runs
        if function.name not in NAMES or len(seen) > _CALLERS:
            return False
        callers = [self.removals.heap.functions[call.caller] for call in calls]
        return all(one.key in seen or (one.owner and self._closes(one, seen)) for one in callers)
