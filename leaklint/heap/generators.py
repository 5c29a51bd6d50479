"""Generators that live long: their locals are there for as long as somebody may go on with them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from leaklint.flow.model import Function
from leaklint.flow.terms import NONE, Term, walk
from leaklint.heap.workers import is_made_before

if TYPE_CHECKING:
    from leaklint.heap.points_to import PointsTo

Place = tuple[int, int, int, int]
_HELD = frozenset({"container", "inst", "extinst"})


def note_sent(heap: PointsTo, receiver: Term, given: Term) -> None:
    """Note what a call of ``send`` hands to the generators that its receiver may be."""
    for value in heap.evaluate(receiver):
        if value[0] == "generator" and given not in heap.sent.setdefault(value[1], {}):
            heap.sent[value[1]][given] = None
            heap.contents.changes += 1  # what stands where it yields is to be worked out anew


def locals_of_generator(heap: PointsTo, generator: Term) -> Iterator[tuple[Term, Function, str]]:
    """Yield (value, function, variable) of what a generator makes before its loop, or is given, and has in all its rounds."""
    function = heap.functions[generator[1]]
    loops = endless(function)
    for name, terms in function.assigned.items() if loops else ():
        values = [value for value in heap.ordered(heap.all_of(terms)) if value[0] in _HELD]
        if all(value[2] and is_made_before(value[2], function.key, loops, heap) for value in values):
            sites = {
                term[-1] for term in terms
            }  # what is only reached by a variable, goes by the variable that leads there
            yield from ((value, function, name.partition("@")[0]) for value in values if value[2] in sites)
    for name, term in generator[2] if loops else ():
        for value in heap.in_order(term):
            if value[0] in _HELD:
                yield value, function, name


def endless(function: Function) -> list[Place]:
    """Return where loops of a generator stand that go round as long as somebody goes on with it: each round yields."""
    yields = [event.place for event in function.events if event.kind == "yield"]
    return [
        event.place
        for event in function.events
        if event.kind == "while" and event.terms[0][0] == "const" and not event.name
        and all(guard.kind in {"try", "with"} for guard in event.guards)
        and any(is_inside(one, event.place) for one in yields)
    ]  # fmt: skip


def is_inside(place: Place, loop: Place) -> bool:
    """Tell whether something stands in a loop."""
    return loop[:2] <= place[:2] and place[2:] <= loop[2:]


def is_made_once(heap: PointsTo, module: str, word: str) -> bool:
    """Tell whether a variable of a module is given a generator once: by the module itself, or where there is none."""
    given = [one for one in heap.names.modules[module].names.get(word, ()) if one[0] != NONE]
    own = {event.place for event in heap.functions[f"{module}:"].events if event.kind == "setname"}
    variable = ("name", module, word)
    return len(given) == 1 and (
        given[0][1] in own or any(variable in walk(guard.test) for guard in given[0][2] if guard.kind == "if")
    )
