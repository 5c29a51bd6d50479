"""Entries that end by a callback which takes nothing out: a timer has fired, and only who cancels it takes its entry out."""

from __future__ import annotations

from collections.abc import Iterator

from leaklint.flow.model import Event, Function
from leaklint.flow.terms import Term, walk
from leaklint.flow.truth import falsy, truthy
from leaklint.heap.arguments import call_arguments
from leaklint.heap.effects import Call, Effect
from leaklint.heap.held_entries import HeldEntry
from leaklint.heap.layers import reached
from leaklint.heap.removal_sites import WayQuestion

_CALLEES = 3  # how many calls deep it is looked for what a callback changes
_OWN = frozenset({"func", "method", "class", "cmethod", "inst", "self"})
_FALSE = frozenset({"None", "False", "0", "''"})


class CalledBack(WayQuestion):
    """Finds the callbacks that leave an entry in, and after which nobody takes it out."""

    def leaving(self, entry: HeldEntry) -> str:
        """Return the callback that is handed out where an entry is put in, if all removals cancel that by its handle."""
        for frame in self.sites.frames(entry.store):
            for handle, callback in self._handed_out(frame.function):
                if not all(self._cancels(removal, handle) for removal in entry.every):
                    continue
                function = self.heap.functions[callback]
                if not self.sites.takes_out(function, entry.every) and self._is_last(callback, entry.every):
                    taker, line = self.heap.functions[entry.fitting[0].function].name, entry.fitting[0].event.place[0]
                    return f"{function.name}() leaves it in, and nobody calls {taker}() then, which removes it (line {line})"
        return ""

    def _handed_out(self, function: Function) -> Iterator[tuple[str, str]]:
        """Yield what calls out of the program are handed to call back, with the attributes in which their handles are kept."""
        retained = {event.terms[1]: event.name for event in function.events if event.kind == "setattr"}
        for call in (event.terms[0] for event in function.events if event.kind == "call"):
            if call not in retained or any(value[0] in _OWN for value in self.heap.evaluate(call[1])):
                continue
            for given in call_arguments(call):
                for value in self.heap.evaluate(given):
                    if value[0] in {"func", "method"}:
                        yield retained[call], value[-1]

    def _cancels(self, removal: Effect, handle: str) -> bool:
        """Tell whether the function that takes an entry out, by its key, calls a method of a handle as well."""
        if removal.key is None or self.sites.is_sweep(removal):
            return False
        events = self.heap.functions[removal.function].events
        callees: list[Term] = [event.terms[0][1] for event in events if event.kind == "call"]
        return any(one[0] == one[1][0] == "attr" and one[1][2] == handle for one in callees if len(one) > 2)

    def _is_last(self, callback: str, removals: list[Effect]) -> bool:
        """Tell whether whoever calls a removal asks first for what a callback, or what that calls, changes."""
        changes = [
            event
            for key in reached({callback}, self._called_by, _CALLEES)
            for event in self.heap.functions[key].events if event.kind == "setattr" and event.terms[1][0] == "const"
        ]  # fmt: skip
        calls = [call for one in removals for call in self.effects.calls.get(one.function, ())]
        return bool(calls) and all(any(_forbids(event, call) for event in changes) for call in calls)

    def _called_by(self, key: str) -> Iterator[str]:
        yield from (call.callee for call in self.effects.calls_from.get(key, ()))


def _forbids(change: Event, call: Call) -> bool:
    """Tell whether a call stands behind a test that an attribute does not pass once it is changed so."""
    is_unset = change.terms[1][1] in _FALSE
    return any(
        part[0] == "attr" and part[2] == change.name
        for guard in call.event.guards if guard.kind in {"if", "past"}
        for asked in (truthy if is_unset else falsy)(guard.test, guard.holds)
        for part in walk(asked)
    )  # fmt: skip
