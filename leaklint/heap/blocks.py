"""Blocks that take an entry out at their end only where nothing went wrong in them: an error keeps it."""

from __future__ import annotations

from leaklint.flow.model import Event, Function
from leaklint.flow.truth import falsy
from leaklint.heap.effects import Effect
from leaklint.heap.held_entries import HeldEntry
from leaklint.heap.removal_sites import WayQuestion

_ENDS = ("__exit__", "__aexit__")


class Blocks(WayQuestion):
    """Finds the context managers whose end asks for an error before it takes an entry out."""

    def kept_by_error(self, entry: HeldEntry) -> str:
        """Return the end of a block that alone takes an entry out, and does not if the block has raised."""
        owner = self.heap.functions[entry.store.function].owner
        for name in _ENDS if owner else ():
            key = self.heap.classes.method(owner, name)
            if key is None:
                continue
            function = self.heap.functions[key]
            events = [self._taking(function, removal) for removal in entry.outside]
            taking = [event for events_of_removal in events for event in events_of_removal]
            if taking and all(events) and all(self._asks_for_none(function, event) for event in taking):
                return f"{name}() removes it only where the block raised nothing (line {taking[0].place[0]})"
        return ""

    def _taking(self, function: Function, removal: Effect) -> list[Event]:
        """Return the events of a function that are a removal or lead to it; none where anybody else comes to it."""
        if removal.how == "callback" or self.sites.is_sweep(removal):
            return []
        callers = {call.caller for call in self.effects.calls.get(removal.function, ())}
        if removal.function != function.key and not callers <= {function.key}:
            return []
        return self.sites.events_in(function, removal)

    @staticmethod
    def _asks_for_none(function: Function, event: Event) -> bool:
        """Tell whether an event in the end of a block comes only where what that is told of an error is none."""
        given = {("param", function.key, one.name) for one in function.params[1:]}
        tests = [guard for guard in event.guards if guard.kind in {"if", "past"}]
        return any(term in given for guard in tests for term in falsy(guard.test, guard.holds))
