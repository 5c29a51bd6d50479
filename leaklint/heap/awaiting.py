"""Loops that wait for an entry: whoever changes their flag has to wake them, or they never look at it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from leaklint.flow.model import Event, Function
from leaklint.flow.terms import Term, children, walk
from leaklint.heap.callers import callers_up
from leaklint.heap.layers import reached
from leaklint.heap.workers import run_by_threads

if TYPE_CHECKING:
    from leaklint.heap.flags import Flags
    from leaklint.heap.retention import Heap

_WAKING = frozenset({"put", "put_nowait", "shutdown"})
_DEPTH = 3  # how many calls up and down from what changes a flag something is looked for that wakes the loop


class Awaiting:
    """Tells which loops wait for good once their flag is changed."""

    def __init__(self, heap: Heap, flags: Flags) -> None:
        """Take what is deciding_parts for everything else, and what changes flags."""
        self.heap = heap
        self.flags = flags

    def is_never_woken(self, function: Function, loop: Event) -> bool:
        """Tell whether each round of a loop waits for an entry of a queue, and what changes its flag puts none in."""
        queues, test = self._waited_for(function, loop), loop.terms[0]
        flags = (
            [term for term in deciding_parts(test) if term[0] == "attr" and self.flags.is_field(term)] if queues else []
        )
        if not flags or any(self.flags.is_property(flag) or self._is_container(flag) for flag in flags):
            return False
        negated = {term for part in walk(test) if part[:2] == ("op", "not") for term in part[2]}
        raising = {key for flag in flags for key in self.flags.raising(flag, function, flag in negated)}
        in_round = reached([function.key], self._called, _DEPTH)
        if not raising or not raising.isdisjoint(in_round | self.heap.multiplicity.escaping):
            return False  # what is taken out may change it
        waking = callers_up(self.heap.effects, raising, _DEPTH) | reached(raising, self._called, _DEPTH)
        threads = run_by_threads(self.heap.points_to, self.heap.effects) - {function.key}
        return not any(self._wakes(key, queues) for key in waking | reached(threads, self._called, _DEPTH))

    def _waited_for(self, function: Function, loop: Event) -> set[Term]:
        """Return the queues of which each round of a loop takes an entry, however long that takes to come."""
        return {
            value
            for event in function.events
            if event.kind == "call" and event.terms[0][1][0] == "attr" and event.terms[0][1][2] == "get"
            and not event.terms[0][2] and not event.terms[0][3]
            and any(guard.kind == "while" and guard.test == loop.terms[0] for guard in event.guards)
            and all(guard.kind in {"while", "try", "with"} for guard in event.guards)
            for value in self.heap.points_to.evaluate(event.terms[0][1][1])
            if value[:2] == ("container", "queue")
        }  # fmt: skip

    def _wakes(self, key: str, queues: set[Term]) -> bool:
        """Tell whether a function puts something into one of some queues, or into what may be one."""
        calls = (event.terms[0][1] for event in self.heap.points_to.functions[key].events if event.kind == "call")
        bases = [callee[1] for callee in calls if callee[0] == "attr" and callee[2] in _WAKING]
        values = (self.heap.points_to.evaluate(base) for base in bases)
        return any(not held.isdisjoint(queues) or not any(one[0] == "container" for one in held) for held in values)

    def _is_container(self, flag: Term) -> bool:
        return any(value[0] == "container" for value in self.heap.points_to.evaluate(flag))

    def _called(self, key: str) -> Iterator[str]:
        return (call.callee for call in self.heap.effects.calls_from.get(key, ()))


def deciding_parts(test: Term) -> Iterator[Term]:
    """Yield the parts of a test that can end a loop: what a method is given, such as a time to wait, is none of them."""
    stack = [test]
    while stack:
        term = stack.pop()
        yield term
        stack.extend((term[1],) if term[0] == "call" and term[1][0] == "attr" else children(term))
