"""The arguments of a call as a contract names them, and what is put into an argument that is a container."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from leaklint.contracts.model import Contract, Retains
from leaklint.flow.model import Event
from leaklint.flow.terms import Term, as_text

if TYPE_CHECKING:
    from leaklint.heap.effects import Effects
    from leaklint.heap.points_to import PointsTo

_WORD = "argument "


def arguments(contract: Contract, term: Term) -> Iterator[tuple[int, str, Term]]:
    """Yield the arguments of a call: place (-1 for keywords), name as far as the contract knows it, term; ``self`` last."""
    for place, given in enumerate(term[2]):
        yield place, contract.parameters[place] if place < len(contract.parameters) else "", given
    for word, given in term[3]:
        yield -1, word, given
    if term[1][0] == "attr":
        yield -1, "self", term[1][1]


def call_arguments(term: Term) -> tuple[Term, ...]:
    """Return the arguments of a call, those by place first."""
    return (*term[2], *(value for _, value in term[3]))


def row_of(contract: Contract, term: Term, place: int, word: str) -> Retains | None:
    """Return the first row of a contract that speaks of an argument and applies to the call."""
    named = [
        row
        for row in contract.retains
        if row.parameter != "*" and ((row.parameter == word and word) or (row.position == place and place >= 0))
    ]
    rows = named or [row for row in contract.retains if row.parameter == "*" and word != "self"]
    return next((row for row in rows if _applies(contract, row, term)), None)


def _applies(contract: Contract, row: Retains, term: Term) -> bool:
    return is_called_so(contract, row.when, term)


def is_called_so(contract: Contract, when: tuple[tuple[str, str], ...], term: Term) -> bool:
    """Tell whether a call has the arguments that a condition asks for: constants, names, or none."""
    for word, text in when:
        given = argument_of(contract, term, word)
        if text == "":
            if given is not None:
                return False
        elif given is None or (given[1] if given[0] == "const" else as_text(given).rpartition(".")[2]) != text:
            return False
    return True


def attribute_given(points_to: PointsTo, term: Term) -> Term | None:
    """Return the argument that an attribute of what a call returns is: ``spec.name`` of ``spec_from_loader(name, ..)``."""
    call = term[1]
    for value in points_to.evaluate(call[1]) if call[0] == "call" else ():
        contract = points_to.contracts.callable(value[1]) if value[0] == "ext" else None
        word = dict(contract.attributes).get(term[2], "") if contract is not None else ""
        name, _, inner = word.removeprefix(_WORD).partition(".")
        given = argument_of(contract, call, name) if contract is not None and name else None
        if given is not None:
            return ("attr", given, inner) if inner else given
    return None


def argument_of(contract: Contract, term: Term, word: str) -> Term | None:
    """Return the argument of a call by the name of its parameter, as far as the contract knows the places."""
    rows = (row.position for row in contract.retains if row.parameter == word)
    place = contract.parameters.index(word) if word in contract.parameters else next(rows, -1)
    return argument_at(term, place, word)


def called_by(contract: Contract, term: Term) -> Term | None:
    """Return what a thread or a timer calls: the first that its contract keeps."""
    return argument_of(contract, term, contract.retains[0].parameter)


def coroutine_of(target: Term) -> Term:
    """Return the function whose coroutine a task runs; of what a thread calls, that itself."""
    found: Term = target[1] if target[0] == "call" else target
    return found


def argument_at(term: Term, place: int, word: str) -> Term | None:
    """Return an argument of a call by its place, -1 for none, or by its keyword."""
    named = next((value for name, value in term[3] if name == word), None)
    if named is None and 0 <= place < len(term[2]) and not any(part[0] == "star" for part in term[2][: place + 1]):
        return term[2][place]  # type: ignore[no-any-return]
    return named


def note_contract(effects: Effects, key: str, event: Event, term: Term, name: str) -> None:
    """Note what a call out of the program does by its contract: it stores into an argument, or calls one."""
    note_push(effects, key, event, term, name)
    contract = effects.heap.contracts.of_call(name)[0]
    if contract is not None and contract.kind == "thread":
        note_thread(effects, key, event, term, contract)
    if contract is None or not contract.passes or term[1][0] != "attr":
        return
    for given in (*term[2][:1], *(value for word, value in term[3] if word in {"fn", "callback"})):
        called = ("call", given, (term[1][1],), (), term[4])
        for value in effects.heap.evaluate(given):
            effects.called(key, event, called, value, 1)


def note_thread(effects: Effects, key: str, event: Event, term: Term, contract: Contract) -> None:
    """Note that a thread calls its target with the arguments that it is given for it: ``Thread(target=work, args=(jobs,))``."""
    target, given = called_by(contract, term), argument_of(contract, term, "args")
    if target is None or given is None or given[0] not in {"tuple", "list"} or not given[1]:
        return
    called = ("call", target, given[1], (), term[4])
    for value in effects.heap.evaluate(target):
        if value[0] in {"func", "method"}:
            effects.called(key, event, called, value, 1)


def note_push(effects: Effects, key: str, event: Event, term: Term, name: str) -> None:
    """Note ``heapq.heappush(heap, item)`` and the like: what is kept as long as an argument is stored into that."""
    contract = effects.heap.contracts.callable(name)
    if contract is None:
        return
    if contract.kind == "store" and contract.lifetime.startswith(_WORD):
        owner = contract.lifetime.removeprefix(_WORD)
        base = argument_of(contract, term, owner)
        for row in contract.retains if base is not None else ():
            value = argument_of(contract, term, row.parameter)
            if value is not None and base is not None:
                effects.store(key, event, "append", base, None, value)
                effects.open(key, event, "store", "append", base, None, value)
    if contract.takes_out.startswith(_WORD):
        base = argument_of(contract, term, contract.takes_out.removeprefix(_WORD))
        if base is not None:
            effects.remove(key, event, "pop", base, None)
            effects.open(key, event, "remove", "pop", base, None, None)
