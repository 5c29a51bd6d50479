"""Entries that are filed under a new key when an attribute changes by which they are taken out, and stay under the old one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from leaklint.flow.model import Event, Function
from leaklint.flow.terms import Term, walk
from leaklint.heap.effects import Effect
from leaklint.heap.held_entries import HeldEntry
from leaklint.heap.list_memo import ListMemo
from leaklint.heap.removal_sites import RemovalSites, WayQuestion, is_after

if TYPE_CHECKING:
    from leaklint.heap.removal import Removals

_CALLERS = 3  # how many callers up an entry is followed


class FilingFrame(NamedTuple):
    """A function that files an entry, itself or by what it calls: the event, the entry there, what its key is made of.

    ``through`` are the functions between it and the one that stores.
    """

    function: Function
    event: Event
    value: Term
    names: frozenset[Term]
    through: frozenset[str] = frozenset()


class Renaming(WayQuestion):
    """Finds the functions that rename what is filed already."""

    def __init__(self, removals: Removals, sites: RemovalSites) -> None:
        """Take what is asked for everything else, and where removals stand."""
        super().__init__(removals, sites)
        self._fields_of_all = ListMemo(self._common)

    def under_old_key(self, entry: HeldEntry) -> str:
        """Return the function that files an entry anew, changes the attribute that all removals go by, and removes nothing."""
        store = entry.store
        if store.key is None or store.value is None:
            return ""
        fields = self._fields_of_all(entry.fitting)
        if not fields:
            return ""
        filings = list(self._filings(self.heap.functions[store.function], store))
        for one in filings:
            event = next((event for event in one.function.events if self._renames(event, one, fields)), None)
            if event is None or one.value[0] == "call" or self._takes_out(one.function, entry.every):
                continue
            if self._are_filed_when_made([made for made in filings if one.function.key not in made.through]):
                where = f"{one.function.name} files it under a new {event.name} (line {one.event.place[0]})"
                return f"{where} and leaves the old one in"
        return ""

    def _common(self, removals: list[Effect]) -> frozenset[str]:
        """Return the attributes by which all of some removals go."""
        return frozenset.intersection(*(self._fields(one) for one in removals))

    @staticmethod
    def _fields(removal: Effect) -> frozenset[str]:
        """Return the attributes of an entry of which the key of a removal is made."""
        return frozenset(term[2] for term in walk(removal.key) if term[0] == "attr") if removal.key else frozenset()

    def _filings(self, function: Function, store: Effect) -> Iterator[FilingFrame]:
        """Yield the functions that file an entry, from the one that stores it up to those that hand it in."""
        assert store.key is not None and store.value is not None
        here = [FilingFrame(function, store.event, store.value, frozenset(walk(store.key)))]
        for _ in range(_CALLERS):
            yield from here
            here = [above for one in here for above in self._above(one)]

    def _above(self, filing: FilingFrame) -> Iterator[FilingFrame]:
        """Yield the callers that hand in an entry, with what they hand in for its key."""
        value, key = filing.value, filing.function.key
        for call in self.effects.calls.get(key, ()) if value[:2] == ("param", key) else ():
            given = call.bound.get(value[2])
            if given is not None and call.caller != key:
                words = {part[2] for part in filing.names if part[:2] == ("param", key)} - {value[2]}
                names = {part for word in words if word in call.bound for part in walk(call.bound[word])}
                names |= {("attr", given, part[2]) for part in filing.names if part[:2] == ("attr", value)}
                caller = self.heap.functions[call.caller]
                yield FilingFrame(caller, call.event, given, frozenset(names), filing.through | {key})

    @staticmethod
    def _renames(event: Event, filing: FilingFrame, fields: frozenset[str]) -> bool:
        """Tell whether an event gives an entry the attribute under which it is filed."""
        if event.kind != "setattr" or event.name not in fields or event.terms[0] != filing.value:
            return False
        if is_after(event, filing.event):
            return event.terms[1] in filing.names
        return event.terms[1] in filing.names or ("attr", filing.value, event.name) in filing.names

    def _takes_out(self, function: Function, removals: list[Effect]) -> bool:
        """Tell whether a function or one of its callers removes anything."""
        callers = [self.heap.functions[call.caller] for call in self.effects.calls.get(function.key, ())]
        around = [one for one in callers if self.sites.leading(one, function.key)]
        return self.sites.takes_out(function, removals) or any(
            self._removes_before(caller, function, removals) for caller in around
        )

    def _removes_before(self, caller: Function, function: Function, removals: list[Effect]) -> bool:
        """Tell whether a caller removes something before it calls a function."""
        called = self.sites.leading(caller, function.key)
        return any(is_after(one, event) for _, event in self.sites.all_in(caller, removals) for one in called)

    def _are_filed_when_made(self, filings: list[FilingFrame]) -> bool:
        """Tell whether each object of the entries' classes is filed where it is made."""
        made = {one.value for one in filings if one.value[0] == "call"}
        classes = {value[1] for term in made for value in self.heap.evaluate(term) if value[0] == "inst"}
        known = [one for one in classes if one in self.heap.names.classes]
        calls = [call for one in known for call in self.removals.multiplicity.constructions(one)]
        return bool(calls) and len(known) == len(classes) and all(call.event.terms[0] in made for call in calls)
