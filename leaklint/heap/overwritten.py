"""Results that are kept in an attribute of an object, where the next call of the same method overwrites the one before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leaklint.flow.model import Event, Function, Guard
from leaklint.flow.terms import Term, root, walk
from leaklint.heap.effects import Call, Effect
from leaklint.heap.namespaces import is_constructor

if TYPE_CHECKING:
    from leaklint.heap.removal_sites import RemovalSites

_LOOPS = frozenset({"loop", "while"})


class Overwritten:
    """Finds methods that lose what they were given before."""

    def __init__(self, sites: RemovalSites) -> None:
        """Take what tells where removals stand."""
        self.sites = sites
        self.heap = sites.heap
        self.effects = sites.effects

    def loses(self, call: Call, removals: list[Effect]) -> bool:
        """Tell whether a method keeps what a call gives by its object alone, does not read what is there, and runs again.

        ``removals`` are what could take out by the result that is lost.
        """
        function = self.heap.functions[call.caller]
        if not function.owner or not function.params or is_constructor(function.name):
            return False
        me: Term = ("param", function.key, function.params[0].name)
        keeping = [event for event in function.events if event is not call.event and _has(event, call.term)]
        if len(keeping) != 1 or keeping[0].kind != "setattr" or keeping[0].terms != (me, call.term):
            return False
        read: Term = ("attr", me, keeping[0].name)
        if any(
            _has(event, read) or any(read in walk(guard.test) for guard in event.guards) for event in function.events
        ):
            return False
        if self.sites.takes_out(function, removals):
            return False
        return any(self._comes_again(one, me[2], removals) for one in self.effects.calls.get(function.key, ()))

    def _comes_again(self, call: Call, name: str, removals: list[Effect]) -> bool:
        """Tell whether a loop calls a method of one object again and again, and takes nothing out in its rounds."""
        caller, receiver = self.heap.functions[call.caller], call.bound.get(name, ())
        loops = [guard for guard in call.event.guards if guard.kind in _LOOPS]
        if not loops or not receiver or self._is_of_round(receiver, caller, loops[-1]):
            return False
        return not any(loops[-1] in event.guards for _, event in self.sites.all_in(caller, removals))

    @staticmethod
    def _is_of_round(receiver: Term, caller: Function, loop: Guard) -> bool:
        """Tell whether an object is another one in each round of a loop."""
        start = root(receiver)
        inside = [event for event in caller.events if loop in event.guards]
        return start[0] not in {"param", "name", "call"} or any(event.terms[:1] == (start,) for event in inside)


def _has(event: Event, term: Term) -> bool:
    return any(term in walk(top) for top in event.terms)
