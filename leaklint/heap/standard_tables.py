"""Dictionaries of the standard library that live as long as the process and that code outside of it fills."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from leaklint.contracts.model import Contract
from leaklint.flow.model import Event, Function
from leaklint.flow.terms import Term, walk
from leaklint.heap.arguments import argument_at, row_of
from leaklint.heap.domains import Domain
from leaklint.heap.multiplicity import MANY
from leaklint.heap.undoing import Undoing

if TYPE_CHECKING:
    from leaklint.heap.retention import Heap

_EVER_NEW = frozenset({Domain.FRESH, Domain.OBJECT})
_GROWING = _EVER_NEW | {Domain.UNKNOWN}
_FRESH = frozenset({Domain.FRESH})


class Table(NamedTuple):
    """A store into a dictionary of the standard library, or a call that makes one there, under a new key each time."""

    name: str
    function: str
    event: Event
    contract: Contract | None = None


def tables(heap: Heap) -> Iterator[Table]:
    """Yield the stores into such dictionaries, of modules that never take an entry out or hand that on."""
    for key, function in heap.points_to.functions.items():
        for event in function.events:
            name, items = _stored(heap, event)
            if not name or heap.multiplicity.event_runs(key, event) != MANY:
                continue
            domains = _GROWING if _takes_any_key(heap, name) else _EVER_NEW
            if any(_is_ever_new(heap, function, event, item, domains) for item in items):
                if not _taken_out(heap, key, name):
                    yield Table(name, key, event)
    yield from _by_calls(heap)


def _by_calls(heap: Heap) -> Iterator[Table]:
    """Yield the calls that make an entry under an argument: ``warnings.warn`` of an ever new text, of which it keeps each."""
    undoing, contracts = Undoing(heap), heap.points_to.contracts
    for external in heap.effects.external:
        function, event, contract = external.function, external.event, contracts.callable(external.name)
        if contract is None or contract.kind != "entries" or contract.key is None:
            continue
        row = row_of(contract, external.call, contract.key.position, contract.key.parameter)
        item = argument_at(external.call, contract.key.position, contract.key.parameter)
        if row is None or row.hold == "weak" or item is None:
            continue
        home = heap.points_to.functions[function]
        if heap.multiplicity.event_runs(function, event) != MANY or not _is_ever_new(heap, home, event, item, _FRESH):
            continue
        if undoing.is_off(contract):
            continue
        if any(undoing.is_called(undo, function) for undo in contract.undo):
            continue
        if not (contract.where and _taken_out(heap, function, contract.where.replace(":", "."))):
            yield Table(contract.holder or external.name, function, event, contract)


def _is_ever_new(heap: Heap, function: Function, event: Event, item: Term, domains: frozenset[Domain]) -> bool:
    """Tell whether there are ever new keys: by how many there can be, or for what the program reads while it runs.

    The text of an error has in it what could not be worked with.
    """
    read = heap.keys.read_data
    if heap.keys.of(item) in domains or read.is_read(item):
        return True
    if not any(one[0] == "exception" for one in walk(item)):
        return False
    tried = (one for one in function.events if one.kind == "call" and one.place < event.place)
    calls = (one.terms[0] for one in tried if any(guard.kind == "try" for guard in one.guards))
    return any(read.is_read(given) for call in calls for given in call[2])


def _stored(heap: Heap, event: Event) -> tuple[str, tuple[Term, ...]]:
    """Return the table that an event puts something into, and the keys: by ``[]``, ``setdefault``, ``update``, ``|=``."""
    if event.kind == "setitem":
        return _name(heap, event.terms[0]), event.terms[1:2]
    if event.kind == "extend" and event.name == "|":
        return _name(heap, event.terms[0]), _keys(event.terms[1])
    callee, given = (event.terms[0][1], event.terms[0][2]) if event.kind == "call" else ((), ())
    if callee and callee[0] == "attr" and callee[2] in {"setdefault", "update"} and given:
        return _name(heap, callee[1]), given[:1] if callee[2] == "setdefault" else _keys(given[0])
    return "", ()


def _keys(term: Term) -> tuple[Term, ...]:
    """Return the keys of a dictionary that is written out."""
    return tuple(key for key in term[1][::2] if key[0] != "star") if term[0] == "dict" else ()


def _name(heap: Heap, term: Term) -> str:
    if term[0] not in {"attr", "name", "dotted"}:
        return ""
    return next(
        (
            value[1]
            for value in heap.points_to.evaluate(term)
            if value[0] == "ext" and (thing := heap.points_to.contracts.object(value[1])) is not None and thing.table
        ),
        "",
    )


def _takes_any_key(heap: Heap, name: str) -> bool:
    thing = heap.points_to.contracts.object(name)
    return thing is not None and thing.table == "any key"


def _taken_out(heap: Heap, key: str, name: str) -> bool:
    module = heap.points_to.names.module_of(key)
    for function in module.functions.values():
        for event in function.events:
            if heap.removals.feasibility.never(event, function):
                continue
            if event.kind == "delitem" and _name(heap, event.terms[0]) == name:
                return True
            if event.kind == "call":
                for term in walk(event.terms[0]):
                    if (
                        term[0] == "attr"
                        and term[2] in {"pop", "clear", "popitem", "__delitem__"}
                        and _name(heap, term[1]) == name
                    ):
                        return True
    return False
