"""Entries whose turn comes again and again: what takes them out puts them back, whatever their owner was told."""

from __future__ import annotations

from leaklint.flow.model import Event
from leaklint.flow.terms import NONE, walk
from leaklint.flow.truth import truthy
from leaklint.heap.arguments import call_arguments
from leaklint.heap.effects import Effect
from leaklint.heap.held_entries import HeldEntry
from leaklint.heap.kinds import FUNCTIONS_OF_OBJECTS
from leaklint.heap.removal_sites import WayQuestion, is_after

_TAKING = frozenset({"pop", "popitem", "popleft"})


class Turns(WayQuestion):
    """Finds queues that put back what they take."""

    def returning(self, entry: HeldEntry) -> str:
        """Return the test of an entry by which each removal puts it back, so that its turn comes again and again.

        Nothing changes what is asked, and nothing else is: what closes the object inside leaves its entry in.
        """
        test = ""
        for removal in entry.fitting:
            events = self.heap.functions[removal.function].events
            test = next((why for event in events if (why := self._put_back(event, removal, entry.store))), "")
            if not test:
                return ""
        return test if self._holds_closable() else ""

    def put_in_again(self, entry: HeldEntry) -> str:
        """Return what ends an entry while its turn is on, so that the removal finds nothing and the entry is put back after it.

        The function that gives each entry its turn has taken all of them out before.
        """
        store, home = entry.store, self.heap.functions[entry.store.function]
        taking = [one for one in entry.every if one.function == home.key and is_after(store.event, one.event)]
        ending = [one for one in entry.every if one.function != home.key]
        if store.chain or not ending or not taking or not self._is_taken(store, taking):
            return ""
        for removal in ending:
            if not any(self._is_in_turn(event, store) for event in self.sites.leading(home, removal.function)):
                return ""
            ways = self.ways_up(
                self.heap.functions[removal.function], removal.event, lambda here, _: here.key == home.key
            )
            if any(not step.is_called for step in ways):
                return ""
        taker, line = self.heap.functions[ending[0].function].name, store.event.place[0]
        return f"{home.name}() puts it in again (line {line}) when {taker}() has been called on its turn"

    def _is_taken(self, store: Effect, taking: list[Effect]) -> bool:
        """Tell whether a store puts in, in each round of a loop, what its function has taken out of the same holder."""
        if not store.event.guards or any(guard.kind not in {"loop", "while"} for guard in store.event.guards):
            return False
        if any(store.value == one.event.terms[0] and one.event.guards == store.event.guards for one in taking):
            return True
        value = store.value or NONE
        anew = any(not one.event.guards and one.key is None for one in taking)
        return anew and value[0] == "iter" and self.removals.runs_over(value[1], store.container)

    @staticmethod
    def _is_in_turn(event: Event, store: Effect) -> bool:
        """Tell whether a call is about what a store puts in after it, in the same round of a loop."""
        before = is_after(store.event, event) and event.guards[: len(store.event.guards)] == store.event.guards
        return before and any(part == store.value for term in event.terms for part in walk(term))

    def _put_back(self, event: Event, removal: Effect, store: Effect) -> str:
        """Return the test under which an event puts back what a removal takes out, where that is a constant of the entry."""
        taken = removal.event.terms[0]
        if event.kind != "call" or removal.how not in _TAKING or not is_after(event, removal.event):
            return ""
        function = self.heap.functions[removal.function]
        if not any(event in self.sites.leading(function, one.function.key) for one in self.sites.frames(store)):
            return ""
        given = call_arguments(event.terms[0])
        tests = [guard for guard in event.guards if guard not in removal.event.guards]
        asked = [term for guard in tests for term in truthy(guard.test, guard.holds)]
        if len(tests) != 1 or len(asked) != 1 or asked[0][0] != "attr" or asked[0][1] not in given:
            return ""
        if taken not in set(walk(asked[0])) or asked[0][2] in self.heap.attributes.assigned.reassigned:
            return ""
        where = f"where it has a {asked[0][2]} (line {event.place[0]})"
        return f"{function.name}() puts it back {where}, and nothing else removes it"

    def _holds_closable(self) -> bool:
        """Tell whether what is put in is made with an object that its users close at some time."""
        from leaklint_runtime.closers import NAMES

        made = [
            call.event.terms[0] for key in self.removals.held for call in self.removals.multiplicity.constructions(key)
        ]
        inside = {
            one.cls for term in made for one in self.removals.keeping.inside(term) if one.kind in FUNCTIONS_OF_OBJECTS
        }
        return any(
            self.heap.classes.method(key, name) for key in inside & set(self.heap.names.classes) for name in NAMES
        )
