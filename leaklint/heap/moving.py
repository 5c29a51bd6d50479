"""Entries that are filed by attributes which change while they are in: they are looked for where they are no longer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from leaklint.flow.model import Event, Function
from leaklint.flow.terms import Term, walk
from leaklint.heap.effects import Effect
from leaklint.heap.filing import slot_of
from leaklint.heap.held_entries import HeldEntry
from leaklint.heap.list_memo import ListMemo
from leaklint.heap.namespaces import is_constructor
from leaklint.heap.removal_sites import RemovalSites, WayQuestion, is_after

if TYPE_CHECKING:
    from leaklint.heap.removal import Removals

_CALLERS = 3  # how many callers up a change is followed


class Moving(WayQuestion):
    """Finds the methods that change by what their object is filed."""

    def __init__(self, removals: Removals, sites: RemovalSites) -> None:
        """Take what is asked for everything else, and where removals stand."""
        super().__init__(removals, sites)
        self._asked_by = ListMemo(self._common)

    def elsewhere(self, entry: HeldEntry) -> str:
        """Return the method that counts up an attribute which all removals go by, where nobody takes the entry out before."""
        store = entry.store
        filed = slot_of(store) or store.key
        names = self._attributes_of(filed, store.value)
        names &= self._asked_by(entry.fitting) if names else names
        for function, event, name in self._changes(store, names) if names else ():
            if self._stays_in(function, event, entry):
                changed = f"{function.name}() changes the {name} by which it is filed (line {event.place[0]})"
                return f"{changed}, and it is looked for by the new one"
        return ""

    def _common(self, removals: list[Effect]) -> set[str]:
        """Return the attributes by which all of some removals go."""
        every = (self._attributes_of(slot_of(one) or one.key, None) for one in removals)
        return set.intersection(*every)

    @staticmethod
    def _attributes_of(key: Term | None, entry: Term | None) -> set[str]:
        """Return the attributes of an entry, or of what is passed, from which a key is worked out."""
        if key is None:
            return set()
        found = (term for term in walk(key) if term[0] == "attr")
        return {term[2] for term in found if (term[1] == entry if entry is not None else term[1][0] == "param")}

    def _changes(self, store: Effect, names: set[str]) -> Iterator[tuple[Function, Event, str]]:
        """Yield the methods of the entries' classes by which an attribute is worked out from what it was."""
        values = self.heap.attributes.handed_down(store.value) if store.value is not None else ()
        classes = {value[1] for value in values if value[0] in {"self", "inst"} and value[1] in self.heap.names.classes}
        order, below = self.heap.classes.order, self.heap.classes.below
        every = {
            around for one in classes for around in (*order(one), *below(one)) if around in self.heap.names.classes
        }
        for cls in sorted(every):
            for key in self.heap.names.classes[cls].methods.values():
                function = self.heap.functions[key]
                if is_constructor(function.name) or not function.params:
                    continue
                own = ("param", key, function.params[0].name)
                for event in function.events:
                    target = event.terms[0] if event.kind == "extend" else ("attr", event.terms[0], event.name)
                    anew = event.kind == "setattr" and target in walk(event.terms[1])
                    if (anew or event.kind == "extend") and target[:2] == ("attr", own) and target[2] in names:
                        yield function, event, target[2]

    def _stays_in(self, function: Function, event: Event, entry: HeldEntry) -> bool:
        """Tell whether a change is seen to come from a function up to which nobody has taken the entry out before.

        What is filed only after the change is filed by the new attribute.
        """

        def stops(here: Function, at: Event) -> bool:
            taken = any(is_after(at, one) for _, one in self.sites.all_in(here, entry.every))
            return taken or self.sites.puts_in(here, entry.store, at)

        steps = self.ways_up(function, event, stops)
        return any(one.steps >= _CALLERS or (one.steps and not one.is_called) for one in steps)
