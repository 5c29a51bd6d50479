"""Calls on objects that their caller has made, and that nothing long-lived holds before the call is over."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from leaklint.flow.model import Event, Guard
from leaklint.flow.terms import Term

if TYPE_CHECKING:
    from leaklint.heap.effects import Call
    from leaklint.heap.heap_place import HeapPlace
    from leaklint.heap.lifetime import Lifetime


class Publication:
    """Tells when an object is put where it lives long.

    What is done to an object before is done once for each object: ``self.latest = Crawl(site).run()`` keeps what one run
    has found, and the next object takes the place of this one.
    """

    def __init__(self, lifetime: Lifetime, is_single: Callable[[str], bool]) -> None:
        """Take what lives long, and what tells whether a class hands out one object only."""
        self.lifetime = lifetime
        self.is_single = is_single

    def is_later(self, call: Call, receiver: Term) -> bool:
        """Tell whether a call's receiver is made in the calling function, which puts it where it lives long after the call."""
        heap = self.lifetime.heap
        if receiver[0] != "call":
            return False
        values = heap.evaluate(receiver)
        events = heap.functions[call.caller].events
        made = next((one for one in events if one.kind == "call" and one.terms[0] == receiver), None)
        if made is None or not values:
            return False
        return all(
            value[0] == "inst"
            and value[2] == receiver[4]
            and not self.is_single(value[1])
            and ("self", value[1]) not in self.lifetime.long  # its own methods put it where it lives long
            and value in self.lifetime.long
            and all(self._is_after(one, made, call) for one in self._locations(value))
            for value in values
        )

    def _locations(self, value: Term) -> list[HeapPlace]:
        return [self.lifetime.long[value], *self.lifetime.others.get(value, ())]

    def _is_after(self, location: HeapPlace, made: Event, call: Call) -> bool:
        """Tell whether the calling function assigns a location after the call, in no loop in which the object is not made."""
        if location.module != call.caller.partition(":")[0] or "[..]" in location.path:
            return False
        later = False
        for event in self.lifetime.heap.functions[call.caller].events:
            if later and event.place == location.place:
                return _loops(event) == _loops(made)
            later = later or event is call.event
        return False


def _loops(event: Event) -> list[Guard]:
    return [guard for guard in event.guards if guard.kind in {"loop", "while"}]
