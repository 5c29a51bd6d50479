"""Results that callers drop: a function returns the key of an entry, or what takes it out, and nothing else removes it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from leaklint.flow.model import Event
from leaklint.flow.terms import NONE, Term, options, walk
from leaklint.heap.callers import callers_up
from leaklint.heap.domains import Domain
from leaklint.heap.effects import Call, Effect
from leaklint.heap.grouping import lists_by_key
from leaklint.heap.multiplicity import MANY
from leaklint.heap.overwritten import Overwritten
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
        self.overwritten = Overwritten(self.sites)
        self._dropper: tuple[list[Effect], list[Effect], tuple[Effect, Call] | None] | None = None

    def left(self, removal: Effect, stores: list[Effect], every: list[Effect]) -> Release | None:
        """Return who drops the ticket of an entry that nothing else takes out; None if nobody does.

        ``every`` are all the removals from the holder.
        """
        if self._dropper is None or self._dropper[0] is not stores or self._dropper[1] is not every:
            self._dropper = stores, every, self._dropping_one(stores, every)
        dropping = self._dropper[2]
        return None if dropping is None else self._release(removal, *dropping)

    def _dropping_one(self, stores: list[Effect], every: list[Effect]) -> tuple[Effect, Call] | None:
        """Return a store and the call that drops the ticket of its entry, which none of the removals takes out then."""
        if not all(removal.how in _BY_KEY and self._is_given(removal) for removal in every):
            return self._undone_by_nobody(stores, every)
        for store in stores:
            for giver, event, ticket in self._givers(store):
                givers = self._givers_on(giver)
                taken = all(self._takes_tickets(removal, givers) for removal in every)
                if not taken or self._is_given_elsewhere(giver, event, ticket):
                    continue
                for call in self._called_often(givers):
                    dropped = call.event.name == "dropped" or self.overwritten.loses(call, every)
                    if dropped and not self.sites.takes_out(self.heap.functions[call.caller], every):
                        return store, call
        return None

    def _release(self, removal: Effect, store: Effect, call: Call) -> Release:
        caller, giver = (self.heap.functions[key].name for key in (call.caller, call.callee))
        taker = self.heap.functions[removal.function].name
        taker = "a call of that" if taker == "<lambda>" else f"{taker}() with that"
        done = (
            f"drops what {giver}() returns"
            if call.event.name == "dropped"
            else f"overwrites what {giver}() returned before"
        )
        why = f"{caller}() {done} (line {call.event.place[0]}), and only {taker} removes it"
        return Release(Quality.DOUBTFUL, why, removal, missed=Missed(store, why, "remove it there, too", meant=True))

    # what takes an entry out itself

    def _undone_by_nobody(self, stores: list[Effect], every: list[Effect]) -> tuple[Effect, Call] | None:
        """Return a store, and the call that drops the function, or the object with the method, that takes out its entry.

        Nothing else removes anything, nothing calls that function, and all callers that are seen drop it; or one of them
        overwrites it by the next.
        """
        for store in stores:
            for giver in dict.fromkeys(frame.function.key for frame in self.sites.frames(store)):
                undoing = self._undoing(giver)
                if lost := self._overwritten(store, giver, undoing, every):
                    return store, lost
                if giver in self.removals.multiplicity.escaping or not all(
                    self._is_handed_out(removal, giver, undoing) for removal in every
                ):
                    continue
                often = [call for call in self._called_often(self._givers_on(giver)) if not self._returns(call)]
                if often and all(call.event.name == "dropped" for call in often):
                    return store, often[0]
        return None

    def _overwritten(self, store: Effect, giver: str, undoing: set[str], every: list[Effect]) -> Call | None:
        """Return the call whose result, which alone takes out one more entry, is overwritten by that of the next call."""
        adds = store.container[1] in {"list", "deque"} or self.removals.paths.unwinding.adds_up(store)
        if not adds or not every or any(removal.function not in undoing for removal in every):
            return None
        calls = self._called_often(self._givers_on(giver))
        return next((call for call in calls if self.overwritten.loses(call, every)), None)

    def _is_handed_out(self, removal: Effect, giver: str, undoing: set[str]) -> bool:
        """Tell whether only who has the result of a function can have a removal made."""
        if removal.how == "callback" and removal.function == giver:  # a partial of a method of the container
            return any(
                event.kind == "return" and event.terms[0] == removal.event.terms[0]
                for event in self.heap.functions[giver].events
            )
        return removal.function in undoing and not self.effects.calls.get(removal.function)

    def _undoing(self, giver: str) -> set[str]:
        """Return the functions that only who has the result of a function can call; none if it gives that to others as well.

        They are made inside of it, or are methods of an object that it makes, which has no finalizer.
        """
        events = self.heap.functions[giver].events
        returned = [option for event in events if event.kind == "return" for option in options(event.terms[0])]
        others = [top for event in events if event.kind != "return" for top in event.terms]
        undoing: set[str] = set()
        for term in returned:
            if any(top != term and term in walk(top) for top in others):
                return set()
            for value in self.heap.evaluate(term):
                if value[0] == "func" and self.heap.functions[value[1]].parent == giver:
                    undoing.add(value[1])
                elif value[0] == "inst" and term[0] == "call" and value[2] == term[4]:
                    undoing |= self._methods(value[1])
        return undoing

    def _methods(self, key: str) -> set[str]:
        classes = self.heap.classes
        bodies = [self.heap.names.classes[ancestor] for ancestor in classes.order(key)]
        methods = {name: method for body in bodies for name, method in body.methods.items()}
        return set() if "__del__" in methods else set(methods.values())

    # the functions that return tickets

    def _givers(self, store: Effect) -> Iterator[tuple[str, Event, Term]]:
        """Yield functions that return the key of an entry: with what puts the entry, or its key, on its way, and the key."""
        if store.key is None or store.chain:
            return
        places = [(store.function, store.event, store.key), *self._through_queues(store.key)]
        for key, event, ticket in places:
            returned = [event.terms[0] for event in self.heap.functions[key].events if event.kind == "return"]
            if any(ticket in options(term) for term in returned) and ticket[0] not in {"param", "const"}:
                if self.removals.keys.of(ticket) is Domain.FRESH:
                    yield key, event, ticket

    def _through_queues(self, key: Term) -> Iterator[tuple[str, Event, Term]]:
        """Yield what is put into a queue as the part of its elements that a key is."""
        taking, part = (key[1], key[2]) if key[0] == "elem" else (key, None)
        if taking[0] != "call" or taking[1][0] != "attr":
            return
        number = int(part[1]) if part is not None and part[0] == "const" and part[2] == "int" else None
        for container in self.heap.evaluate(taking[1][1]):
            for store in self._put_into.get(container, ()):
                value = store.value
                if part is None and value is not None:
                    yield store.function, store.event, value
                elif number is not None and value is not None and value[0] == "tuple" and 0 <= number < len(value[1]):
                    yield store.function, store.event, value[1][number]

    @cached_property
    def _put_into(self) -> dict[Term, list[Effect]]:
        """Return the stores by container, of those from which elements are taken in turn."""
        stores = (effect for effect in self.effects.effects if effect.kind == "store")
        return lists_by_key((store.container, store) for store in stores if store.key is None and not store.chain)

    def _is_given_elsewhere(self, giver: str, event: Event, ticket: Term) -> bool:
        """Tell whether a function gives a ticket to more than its callers and the holder: a timer, another object."""
        return any(
            ticket in walk(part)
            for other in self.heap.functions[giver].events if other is not event and other.place != event.place
            for part in other.terms if part != ticket
            if other.kind not in {"raise", "return"} and not self._is_inside(other, event)
        )  # fmt: skip

    @staticmethod
    def _is_inside(call: Event, event: Event) -> bool:
        """Tell whether a call makes what another event puts in."""
        return any(call.terms[0] in walk(term) for term in event.terms)

    def _givers_on(self, giver: str) -> set[str]:
        """Return a function with those that return what it returns."""
        return callers_up(self.effects, [giver], _DEPTH, self._returns)

    def _returns(self, call: Call) -> bool:
        events = self.heap.functions[call.caller].events
        return any(event.kind == "return" and call.term in options(event.terms[0]) for event in events)

    # their callers

    def _called_often(self, givers: set[str]) -> list[Call]:
        """Return the calls of functions that run again and again."""
        calls = (call for giver in sorted(givers) for call in self.effects.calls.get(giver, ()))
        return [call for call in calls if self.removals.multiplicity.call_runs(call) == MANY]

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
            return all(
                self._is_ticket(argument, givers, depth + 1) for _, argument in self.heap.calling.given_for(term)
            )
        if term[0] == "attr":
            owners = [value[1] for value in self.heap.evaluate(term[1]) if value[0] in {"self", "inst"}]
            fields = [event for owner in owners for _, event in self.heap.attributes.field_terms(owner, term[2])]
            assigned = [event.terms[1] for event in fields if event.terms[1] != NONE]
            return bool(assigned) and all(self._is_ticket(ticket, givers, depth + 1) for ticket in assigned)
        if term[0] != "call":
            return False
        values = self.heap.evaluate(term[1])
        return any(value[0] in {"func", "method"} and value[-1] in givers for value in values)
