"""Results that callers drop: a function returns the key of an entry, or what takes it out, and nothing else removes it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from leaklint.flow.model import Event
from leaklint.flow.terms import NONE, Term, options, walk
from leaklint.heap.domains import Domain
from leaklint.heap.effects import Call, Effect
from leaklint.heap.multiplicity import MANY
from leaklint.heap.release import Missed, Quality, Release

if TYPE_CHECKING:
    from leaklint.heap.removal import Removals

_DEPTH = 2  # how many functions a ticket is followed through
_BY_KEY = frozenset({"pop", "del", "__delitem__"})


class Dropped:
    """Finds the callers of functions that return tickets who do not take them."""

    def __init__(self, removals: Removals) -> None:
        """Take what is asked for everything else."""
        self.removals = removals
        self.heap = removals.heap
        self.effects = removals.effects
        self.sites = removals.paths.sites
        self._dropper: tuple[list[Effect], list[Effect], tuple[Effect, Call] | None] | None = None

    def left(self, removal: Effect, stores: list[Effect], every: list[Effect]) -> Release | None:
        """Return who drops the ticket of an entry that nothing else takes out; None if nobody does.

        ``every`` are all the removals from the holder.
        """
        if self._dropper is None or self._dropper[0] is not stores or self._dropper[1] is not every:
            self._dropper = stores, every, self._dropping_one(stores, every)
        found = self._dropper[2]
        return None if found is None else self._told(removal, *found)

    def _dropping_one(self, stores: list[Effect], every: list[Effect]) -> tuple[Effect, Call] | None:
        """Return a store and the call that drops the ticket of its entry, which none of the removals takes out then."""
        if not all(one.how in _BY_KEY and self._is_given(one) for one in every):
            return self._undone_by_nobody(stores, every)
        for store in stores:
            for giver, event, ticket in self._givers(store):
                if self._is_told_elsewhere(giver, event, ticket):
                    continue
                givers = self._givers_on(giver)
                if not all(self._takes_tickets(one, givers) for one in every):
                    continue
                for call in self._dropping(givers):
                    if not self.sites.takes_out(self.heap.functions[call.caller], every):
                        return store, call
        return None

    def _told(self, removal: Effect, store: Effect, call: Call) -> Release:
        caller, giver = (self.heap.functions[key].name for key in (call.caller, call.callee))
        taker = self.heap.functions[removal.function].name
        taker = "a call of that" if taker == "<lambda>" else f"{taker}() with that"
        why = f"{caller}() drops what {giver}() returns (line {call.event.place[0]}), and only {taker} removes it"
        return Release(Quality.DOUBTFUL, why, removal, missed=Missed(store, why, "remove it there, too", meant=True))

    # what takes an entry out itself

    def _undone_by_nobody(self, stores: list[Effect], every: list[Effect]) -> tuple[Effect, Call] | None:
        """Return a store, and the call that drops the function, or the object with the method, that takes out its entry.

        Nothing else removes anything, nothing calls that function, and all callers that are seen drop it.
        """
        for store in stores:
            for giver in dict.fromkeys(frame.function.key for frame in self.sites.frames(store)):
                undoing = self._undoing(giver)
                if giver in self.removals.multiplicity.escaping or not all(
                    self._is_handed_out(one, giver, undoing) for one in every
                ):
                    continue
                often = [
                    call
                    for one in sorted(self._givers_on(giver))
                    for call in self.effects.calls.get(one, ())
                    if self.removals.multiplicity.call_runs(call) == MANY and not self._returns(call)
                ]
                if often and all(call.event.name == "dropped" for call in often):
                    return store, often[0]
        return None

    def _is_handed_out(self, removal: Effect, giver: str, undoing: set[str]) -> bool:
        """Tell whether only who has the result of a function can have a removal made."""
        if removal.how == "callback" and removal.function == giver:  # a partial of a method of the container
            return any(
                one.kind == "return" and one.terms[0] == removal.event.terms[0]
                for one in self.heap.functions[giver].events
            )
        return removal.function in undoing and not self.effects.calls.get(removal.function)

    def _undoing(self, giver: str) -> set[str]:
        """Return the functions that only who has the result of a function can call; none if it gives that to others as well.

        They are made inside of it, or are methods of an object that it makes, which has no finalizer.
        """
        events = self.heap.functions[giver].events
        returned = [one for event in events if event.kind == "return" for one in options(event.terms[0])]
        found: set[str] = set()
        for term in returned:
            if any(
                term in walk(top) for event in events if event.kind != "return" for top in event.terms if top != term
            ):
                return set()
            for value in self.heap.evaluate(term):
                if value[0] == "func" and self.heap.functions[value[1]].parent == giver:
                    found.add(value[1])
                elif value[0] == "inst" and term[0] == "call" and value[2] == term[4]:
                    found |= self._methods(value[1])
        return found

    def _methods(self, key: str) -> set[str]:
        classes = self.heap.classes
        methods = {
            name: method for one in classes.order(key) for name, method in self.heap.names.classes[one].methods.items()
        }
        return set() if "__del__" in methods else set(methods.values())

    # the functions that return tickets

    def _givers(self, store: Effect) -> Iterator[tuple[str, Event, Term]]:
        """Yield functions that return the key of an entry: with what puts the entry, or its key, on its way, and the key."""
        if store.key is None or store.chain:
            return
        places = [(store.function, store.event, store.key), *self._through_queues(store.key)]
        for key, event, ticket in places:
            returned = [one.terms[0] for one in self.heap.functions[key].events if one.kind == "return"]
            if any(ticket in options(term) for term in returned) and ticket[0] not in {"param", "const"}:
                if self.removals.keys.of(ticket) is Domain.FRESH:
                    yield key, event, ticket

    def _through_queues(self, key: Term) -> Iterator[tuple[str, Event, Term]]:
        """Yield what is put into a queue as the part of its elements that a key is."""
        taken, part = (key[1], key[2]) if key[0] == "elem" else (key, None)
        if taken[0] != "call" or taken[1][0] != "attr":
            return
        number = int(part[1]) if part is not None and part[0] == "const" and part[2] == "int" else None
        for container in self.heap.evaluate(taken[1][1]):
            for one in self._put_into.get(container, ()):
                value = one.value
                if part is None and value is not None:
                    yield one.function, one.event, value
                elif number is not None and value is not None and value[0] == "tuple" and 0 <= number < len(value[1]):
                    yield one.function, one.event, value[1][number]

    @cached_property
    def _put_into(self) -> dict[Term, list[Effect]]:
        """Return the stores by container, of those from which elements are taken in turn."""
        found: dict[Term, list[Effect]] = {}
        for one in self.effects.effects:
            if one.kind == "store" and one.key is None and not one.chain:
                found.setdefault(one.container, []).append(one)
        return found

    def _is_told_elsewhere(self, giver: str, event: Event, ticket: Term) -> bool:
        """Tell whether a function gives a ticket to more than its callers and the holder: a timer, another object."""
        return any(
            ticket in walk(term)
            for one in self.heap.functions[giver].events if one is not event and one.place != event.place
            for term in one.terms if term != ticket
            if one.kind not in {"raise", "return"} and not self._is_inside(one, event)
        )  # fmt: skip

    @staticmethod
    def _is_inside(one: Event, event: Event) -> bool:
        """Tell whether a call makes what another event puts in."""
        return any(one.terms[0] in walk(term) for term in event.terms)

    def _givers_on(self, giver: str) -> set[str]:
        """Return a function with those that return what it returns."""
        found, here = {giver}, {giver}
        for _ in range(_DEPTH):
            calls = [call for key in here for call in self.effects.calls.get(key, ())]
            here = {call.caller for call in calls if self._returns(call)} - found
            found |= here
        return found

    def _returns(self, call: Call) -> bool:
        events = self.heap.functions[call.caller].events
        return any(one.kind == "return" and call.term in options(one.terms[0]) for one in events)

    # their callers

    def _dropping(self, givers: set[str]) -> Iterator[Call]:
        for giver in sorted(givers):
            for call in self.effects.calls.get(giver, ()):
                if call.event.name == "dropped" and self.removals.multiplicity.call_runs(call) == MANY:
                    yield call

    @staticmethod
    def _is_given(removal: Effect) -> bool:
        return bool(removal.key is not None and removal.key[:2] == ("param", removal.function))

    def _takes_tickets(self, removal: Effect, givers: set[str]) -> bool:
        """Tell whether all callers of a removal that are seen hand in what such functions returned."""
        return removal.key is not None and self._is_ticket(removal.key, givers, 0)

    def _is_ticket(self, term: Term, givers: set[str], depth: int) -> bool:
        if depth > 2 * _DEPTH:
            return False
        if term[0] == "param":
            return all(self._is_ticket(one, givers, depth + 1) for _, one in self.heap.calling.given_for(term))
        if term[0] == "attr":
            owners = [one[1] for one in self.heap.evaluate(term[1]) if one[0] in {"self", "inst"}]
            fields = [
                event.terms[1] for owner in owners for _, event in self.heap.attributes.field_terms(owner, term[2])
            ]
            given = [one for one in fields if one != NONE]
            return bool(given) and all(self._is_ticket(one, givers, depth + 1) for one in given)
        if term[0] != "call":
            return False
        values = self.heap.evaluate(term[1])
        return any(value[0] in {"func", "method"} and value[-1] in givers for value in values)
