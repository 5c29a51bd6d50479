"""Dictionaries of the standard library that live as long as the process and that code outside of it fills."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from leaklint.flow.model import Event
from leaklint.flow.terms import Term, walk
from leaklint.heap.domains import Domain
from leaklint.heap.multiplicity import MANY

if TYPE_CHECKING:
    from leaklint.heap.retention import Heap

_EVER_NEW = frozenset({Domain.FRESH, Domain.OBJECT})
_GROWING = _EVER_NEW | {Domain.UNKNOWN}


class Table(NamedTuple):
    """A store into a dictionary of the standard library, under a new key each time."""

    name: str
    function: str
    event: Event


def tables(heap: Heap) -> Iterator[Table]:
    """Yield the stores into such dictionaries, of modules that never take an entry out or hand that on."""
    for key, function in heap.points_to.functions.items():
        for event in function.events:
            name, item = _stored(heap, event)
            if (
                name
                and heap.multiplicity.event_runs(key, event) == MANY
                and heap.keys.of(item) in (_GROWING if _takes_any_key(heap, name) else _EVER_NEW)
            ):
                if not _taken_out(heap, key, name):
                    yield Table(name, key, event)


def _stored(heap: Heap, event: Event) -> tuple[str, Term]:
    if event.kind == "setitem":
        return _name(heap, event.terms[0]), event.terms[1]
    if (
        event.kind == "call"
        and event.terms[0][1][0] == "attr"
        and event.terms[0][1][2] == "setdefault"
        and event.terms[0][2]
    ):
        return _name(heap, event.terms[0][1][1]), event.terms[0][2][0]
    return "", ()


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
