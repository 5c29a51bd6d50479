"""Marks of what is cancelled, which go when their turn in a queue comes: those of what has left the queue stay."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from leaklint.flow.model import Guard
from leaklint.flow.terms import Term, walk
from leaklint.heap.effects import Call, Effect
from leaklint.heap.held_entries import HeldEntry
from leaklint.heap.list_memo import ListMemo

if TYPE_CHECKING:
    from leaklint.heap.sides import Sides

_TESTS = frozenset({"if", "past", "while", "match", "except"})


class Marks:
    """Finds those who cancel by what a queue gave them, whether it has come to them or not."""

    def __init__(self, sides: Sides) -> None:
        """Take what knows the removals from other containers."""
        self.sides = sides
        self.removals = sides.removals
        self.heap = sides.removals.heap
        self._queues_of = ListMemo(self._queues)

    @cached_property
    def containers(self) -> frozenset[Term]:
        """Return the containers from which something is removed by what was taken from another one."""
        removed = (one for one in self.removals.effects.effects if one.kind == "remove")
        return frozenset(one.container for one in removed if self.sides.taken_from(one))

    def late(self, entry: HeldEntry) -> str:
        """Return who marks without a test what may have left its queue already; nothing if nobody does."""
        store, queues = entry.store, self._queues_of(entry.every)
        if not queues or _is_tested(store.event.guards) or any(_is_tested(call.event.guards) for call in store.chain):
            return ""
        for call, ticket in self._marking(store):
            fields = self._fields(ticket)
            givers = {value[-1] for term in fields for value in self._called(term)} if fields else set()
            if givers and all(self._called(term) for term in fields) and self._puts(givers, queues):
                caller, home = (self.heap.functions[key].name for key in (call.caller, queues[0].function))
                return f"{caller}() marks it (line {call.event.place[0]}), and it stays if its turn in {home}() is over"
        return ""

    def _queues(self, removals: list[Effect]) -> list[Effect]:
        """Return what gives to some removals what they take out; nothing if one of them has it from elsewhere."""
        taken = []
        for one in removals:
            found = self.sides.taken_from(one)
            if not found:
                return []
            taken += found
        return taken

    def _marking(self, store: Effect) -> Iterator[tuple[Call, Term]]:
        """Yield the calls that mark something behind no test, each with what it marks."""
        mark = store.key if store.key is not None else store.value
        if mark is not None and mark[0] == "param":
            for call in self.removals.effects.calls.get(mark[1], ()):
                if mark[2] in call.bound and not _is_tested(call.event.guards):
                    yield call, call.bound[mark[2]]

    def _fields(self, ticket: Term) -> list[Term]:
        """Return all that is assigned to the field of an object that has the ticket."""
        if ticket[0] != "attr":
            return []
        owners = [one[1] for one in self.heap.evaluate(ticket[1]) if one[0] in {"self", "inst"}]
        if ticket[2] in self._deleted:
            return []
        return [
            event.terms[1]
            for owner in owners if owner in self.heap.names.classes
            for _, event in self.heap.attributes.field_terms(owner, ticket[2])
        ]  # fmt: skip

    @cached_property
    def _deleted(self) -> frozenset[str]:
        """Return the names of attributes that are deleted somewhere."""
        events = (event for function in self.heap.functions.values() for event in function.events)
        return frozenset(event.name for event in events if event.kind == "delattr")

    def _called(self, term: Term) -> list[Term]:
        """Return the functions of the program that a call calls."""
        values = self.heap.evaluate(term[1]) if term[0] == "call" else ()
        return [value for value in values if value[0] in {"func", "method"}]

    def _puts(self, givers: set[str], queues: list[Effect]) -> bool:
        """Tell whether functions put what they return, or something with it, into one of some queues."""
        for queue in queues:
            for put in self.sides.stores_beside(queue):
                function = self.sides.sites.frames(put)[-1].function
                inside = set(walk(put.value)) if put.value is not None and function.key in givers else set()
                if any(event.kind == "return" and event.terms[0] in inside for event in function.events):
                    return True
        return False


def _is_tested(guards: tuple[Guard, ...]) -> bool:
    return any(guard.kind in _TESTS for guard in guards)
