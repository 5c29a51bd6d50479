"""Errors that come between a store and the removal that belongs to it, and that a caller survives.

``push(); work(); pop()`` leaves in what it has put in if the work raises. Where a caller catches that and goes on, one more
entry stays each time.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from leaklint.flow.model import Event, Function
from leaklint.flow.terms import Term, options
from leaklint.heap.domains import Domain
from leaklint.heap.early_exits import is_opposed
from leaklint.heap.effects import Effect
from leaklint.heap.held_entries import HeldEntry, Stay
from leaklint.heap.removal_sites import RemovalSites, WayQuestion, is_after
from leaklint.heap.ways_out import WaysOut, handled_in, is_for_all, is_pair

if TYPE_CHECKING:
    from leaklint.heap.removal import Removals

_SAFE = frozenset({"finally", "except", "with"})
_CALLERS = 3  # how many callers up an error is followed


class Unwinding(WayQuestion):
    """Finds the errors that pass a removal by."""

    def __init__(self, removals: Removals, sites: RemovalSites, ways_out: WaysOut) -> None:
        """Take what is asked for everything else, where removals stand, and the ways out of a function."""
        super().__init__(removals, sites)
        self.ways_out = ways_out
        self._alone: dict[tuple[str, str], set[str]] = {}  # by removal and store: who takes out and puts nothing in

    def passing_by(self, entry: HeldEntry) -> str:
        """Return the error, raised by the program and caught by it, that comes between a store and all of its removals."""
        if not self.adds_up(entry.store):
            return ""
        for function, putting in self._around(entry.store):
            stay = self._stay(function, putting, entry)
            if stay is None:
                continue
            if why := self.ways_out.between(stay):
                return why
            for raising, error in self._leaving(stay):
                caller = self._catching(function, error, entry.every, frozenset())
                if caller is not None:
                    taker = "it" if raising is function else function.name
                    where = f"before {taker} removes it (line {stay.taking[0].place[0]})"
                    return f"{raising.name}() may raise {where}, and {caller.name} goes on"
        return ""

    def _leaving(self, stay: Stay) -> Iterator[tuple[Function, Term]]:
        """Yield the errors with which a function is left between a store and its removal, each with who raises it."""
        for event in stay.function.events:
            if not is_after(event, stay.putting) or not is_after(stay.taking[0], event):
                continue
            if event.kind == "raise" and not is_opposed(event, stay.putting) and not _is_within_try(event):
                yield stay.function, _error_of(event)
        for working in self._between(stay):
            yield from self._raised(working)

    def adds_up(self, store: Effect) -> bool:
        """Tell whether an entry that stays is one more, rather than one that the next of its key replaces."""
        key = store.key
        if key is None and store.container[1] in {"set", "dict", "defaultdict"}:
            key = store.value if store.container[1] == "set" else None
        return key is None or self.removals.keys.of(key, store.chain) in {Domain.FRESH, Domain.OBJECT}

    def _around(self, store: Effect) -> Iterator[tuple[Function, Event]]:
        """Yield the functions that make a store, or that come to it by calls, with the event that does so."""
        here, seen = [(self.heap.functions[store.function], store.event)], {store.function}
        for _ in range(_CALLERS):
            yield from here
            calls = [call for function, _ in here for call in self.effects.calls.get(function.key, ())]
            here = [(self.heap.functions[call.caller], call.event) for call in calls if call.caller not in seen]
            seen |= {function.key for function, _ in here}

    def around(self, store: Effect, removals: list[Effect]) -> Iterator[tuple[Function, Event]]:
        """Yield those of these functions that the entry is known to be of, or whose own the removals are.

        The entry depends on what its callers hand in, or is one more each time, and each caller of a removal puts one in.
        """
        chained = {frame.event for frame in self.sites.frames(store)}
        for function, event in self._around(store):
            apart = event not in chained and self.adds_up(store)
            if event in chained or (apart and all(self._is_of_pairs(removal, function, store) for removal in removals)):
                yield function, event

    def _stay(self, function: Function, putting: Event, entry: HeldEntry) -> Stay | None:
        """Return the stay of an entry in a function that takes it out again; None if others may do so as well.

        What takes an entry out only to put it in elsewhere does not take it out, nor does the end of the holder count.
        """
        store, taking = entry.store, list[Event]()
        removals = [removal for removal in entry.every if not self.removals.endings.is_holders(removal)]
        for removal in removals:
            events = self.sites.events_in(function, removal)
            if not events or removal.how == "callback" or not self._is_of_pairs(removal, function, store):
                return None
            taking += events
        if function.key != store.function:
            moving = {event.place for event in self.sites.leading(function, store.function)}
            taking = [event for event in taking if event.place not in moving]
        if not is_pair(putting, taking):
            return None
        return Stay(store, function, putting, sorted(taking, key=lambda event: event.place), removals)

    def _is_of_pairs(self, removal: Effect, function: Function, store: Effect) -> bool:
        """Tell whether all functions that come to a removal put an entry in themselves."""
        if removal.function == function.key:
            return True
        asked = (removal.function, store.function)
        if asked not in self._alone:
            callers = {call.caller for call in self.effects.calls.get(removal.function, ())}
            self._alone[asked] = {
                caller for caller in callers if not self.sites.leading(self.heap.functions[caller], store.function)
            }
        return self._alone[asked] <= {function.key}

    def _between(self, stay: Stay) -> Iterator[Event]:
        """Yield the calls between a store and its first removal, from which an error leaves the function."""
        for event in stay.function.events:
            if event.kind == "call" and is_after(event, stay.putting) and is_after(stay.taking[0], event):
                if not any(guard.kind in {"try", *_SAFE} for guard in event.guards):
                    yield event

    def _raised(self, event: Event) -> Iterator[tuple[Function, Term]]:
        """Yield the errors that what is called raises itself, outside of any block that could catch them."""
        for value in self.heap.evaluate(event.terms[0][1]):
            if value[0] not in {"func", "method"}:
                continue
            called = self.heap.functions[value[-1]]
            for event in called.events if not called.yields else ():
                if event.kind == "raise" and not any(guard.kind in {"try", *_SAFE} for guard in event.guards):
                    yield called, _error_of(event)

    def _catching(
        self, function: Function, error: Term, removals: list[Effect], seen: frozenset[str]
    ) -> Function | None:
        """Return the function that catches an error which leaves another one, and takes nothing out."""
        if len(seen) >= _CALLERS or function.key in seen:
            return None
        for call in self.effects.calls.get(function.key, ()):
            caller = self.heap.functions[call.caller]
            depth = next((n for n, guard in enumerate(call.event.guards) if guard.kind == "try"), None)
            others = [removal for removal in removals if not self._takes_given(removal)]
            if any(event is not call.event for _, event in self.sites.all_in(caller, others)):
                continue
            handlers = self.ways_out.handlers(caller, call.event, depth) if depth is not None else []
            if not handlers:
                above = self._catching(caller, error, removals, seen | {function.key})
                if above is not None:
                    return above
            elif self._goes_on(caller, handlers, error):
                return caller
        return None

    def _takes_given(self, removal: Effect) -> bool:
        """Tell whether a removal takes out only what its caller names: ``if self.stack[-1] is span: self.stack.pop()``."""
        parameter = ("param", removal.function)
        tests = [guard for guard in removal.event.guards if guard.kind in {"if", "past"}]
        return any(
            guard.test[0] == "op" and guard.test[1] in {"is", "is not"}
            and guard.holds == (guard.test[1] == "is") and any(part[:2] == parameter for part in guard.test[2])
            for guard in tests
        )  # fmt: skip

    def _goes_on(self, caller: Function, handlers: list[Event], error: Term) -> bool:
        """Tell whether one of some handlers catches an error and neither raises one nor ends the process."""
        return any(
            self._catches(handler.guards[-1].test, error)
            and not any(self._ends(event) for event in handled_in(caller, handler))
            for handler in handlers
        )

    def _ends(self, event: Event) -> bool:
        """Tell whether an event raises another error, or ends the process."""
        return event.kind == "raise" or (
            event.kind == "call" and self.heap.may_be(event.terms[0][1], "ends the process")
        )

    def _catches(self, test: Term, error: Term) -> bool:
        """Tell whether a handler is for an error: of the same class, of one above it, or for all."""
        if is_for_all(test):
            return True
        above = set(self._names(error))
        tests = test[1] if test[0] == "tuple" else options(test)
        return any(bool(above & set(self._own(named))) for named in tests)

    def _own(self, term: Term) -> list[Term]:
        """Return the classes that a term names."""
        return [value[:2] for value in self.heap.evaluate(term) if value[0] in {"class", "ext"}]

    def _names(self, term: Term) -> Iterator[Term]:
        """Yield the classes that a term names, and those above them."""
        for value in self._own(term):
            yield value
            if value[0] == "class":
                yield from (("class", above) for above in self.heap.classes.order(value[1]))
                yield from (("ext", above) for above in self.heap.classes.outside(value[1]))


def _error_of(event: Event) -> Term:
    """Return the class that a ``raise`` names."""
    term = event.terms[0]
    return term[1] if term[0] == "call" else term


def _is_within_try(event: Event) -> bool:
    """Tell whether what an event raises may be caught in its own function, or a block around it may clean up."""
    return any(guard.kind in {"try", "with", "finally"} for guard in event.guards)
