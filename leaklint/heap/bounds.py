"""Bounds: removals on the path of a store by which there are never more than so many entries."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leaklint.flow.model import base_of
from leaklint.flow.terms import NONE, Term, walk
from leaklint.heap.effects import Effect

if TYPE_CHECKING:
    from leaklint.heap.removal import Removals


def follows_always(removal: Effect, store: Effect) -> bool:
    """Tell whether a removal stands in the function of a store, behind no test that the store is not behind as well."""
    guards = (guard for guard in removal.event.guards if guard.kind not in {"finally", "try", "with"})
    return removal.function == store.function and all(guard in store.event.guards for guard in guards)


class Bounds:
    """Tells which removals bound a container."""

    def __init__(self, removals: Removals) -> None:
        """Take what is asked for everything else."""
        self.removals = removals

    def of(self, removal: Effect, stores: list[Effect], callers: set[str]) -> bool:
        """A removal on the store's own path, behind a test of the size or of the entries: eviction or sweep.

        ``callers`` are the functions from which the stores are reached.
        """
        storing = self.removals.by_function(stores).keys() | callers
        if removal.function not in storing and not any(
            call.caller in storing for call in self.removals.effects.calls.get(removal.function, ())
        ):
            return False
        events = [removal.event]
        events += [
            call.event for call in self.removals.effects.calls.get(removal.function, ()) if call.caller in storing
        ]
        guards = [guard for event in events for guard in event.guards]
        if any(self.tests_size(guard.test, removal) for guard in guards if guard.kind in {"if", "while", "past"}):
            return self._runs_with(removal)
        if removal.how == "trim" or (removal.how == "clear" and self._begins_anew(removal, stores)):
            return True
        if removal.how in {"rebuild", "filter"} and removal.function in self.removals.by_function(stores):
            return True
        swept = any(
            guard.kind in {"loop", "while"} and self.removals.runs_over(guard.test, removal.container)
            for guard in guards
        )
        return swept and removal.how != "clear" and self._runs_with(removal)

    def _begins_anew(self, removal: Effect, stores: list[Effect]) -> bool:
        """Tell whether each run that stores empties the container as well: what one of them puts in is all there is."""
        if any(store.container != removal.container for store in stores):
            return False  # of another one, or of one that lies inside of it
        loops = {guard for store in stores for guard in store.event.guards if guard.kind in {"loop", "while"}}
        return loops <= set(removal.event.guards) and all(follows_always(removal, store) for store in stores)

    def _runs_with(self, removal: Effect) -> bool:
        """Tell whether a removal stands in the function of a store, not behind a guard that forbids it."""
        function = self.removals.heap.functions[removal.function]
        return not any(self.removals.feasibility.is_false(guard, function) for guard in removal.event.guards)

    def tests_size(self, test: Term, effect: Effect) -> bool:
        """Tell whether a test asks how many entries the container of an effect has."""
        container, raw = effect.container, base_of(effect.event)
        for term in walk(test):
            if term[0] == "op" and term[1] in {">", ">=", "<", "<=", "==", "!="}:
                for part in term[2]:
                    for one in walk(part):
                        if (
                            one[0] == "call"
                            and one[1][-1] in {"len", "qsize", "__len__", "full"}
                            and ((raw is not None and raw in one[2]) or self._is_of(one, container))
                        ):
                            return True
            if (
                term[0] == "call"
                and term[1][0] == "attr"
                and term[1][2] == "full"
                and container in self.removals.heap.evaluate(term[1][1])
            ):
                return True
        return False

    def _is_of(self, call: Term, container: Term) -> bool:
        given = call[2][0] if call[2] else call[1][1] if call[1][0] == "attr" else NONE
        values = self.removals.heap.evaluate(given)
        if container in values or any(
            value[0] in {"inst", "self"}
            and value[1] in self.removals.heap.names.classes
            and self.removals.effects.container_of(value) is not None
            and container[2][:1] == ("class",)
            and self.removals.heap.classes.related(value[1], container[2][1])
            for value in values
        ):
            return True
        where = self.removals.lifetime.where(container)
        places = (self.removals.lifetime.where(value) for value in values)
        return where is not None and any(place is not None and place.key == where.key for place in places)
