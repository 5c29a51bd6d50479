"""Objects that put themselves somewhere, and whether those who let them go come to the removal that takes them out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leaklint.flow.model import Function
from leaklint.flow.terms import NONE, Term, root
from leaklint.heap.effects import Effect

if TYPE_CHECKING:
    from leaklint.heap.removal import Removals

# Methods that nobody calls by name: the interpreter does, for whoever uses the object.
PROTOCOL = frozenset({"__call__", "__iter__", "__next__", "__aiter__", "__anext__", "__get__", "__set__", "__await__"})


class Detaching:
    """Judges removals that the objects' own methods do not come to."""

    def __init__(self, removals: Removals) -> None:
        """Take what is asked for everything else."""
        self.removals = removals
        self.heap = removals.heap
        self.effects = removals.effects

    def is_beside_their_life(self, removal: Effect, function: Function, entering: set[str]) -> bool:
        """Tell whether users who close the objects never come to a removal.

        ``entering`` are the classes of the objects that put themselves in, so that their users need not know of it; they
        have a method by which they are let go, and neither that nor anything else in the program calls the removal.
        """
        if not entering or function.owner in self.removals.held or function.name in PROTOCOL:
            return False
        if self.removals.reachable(function) and not self.is_on_others(removal, function):
            return False
        from leaklint_runtime.closers import NAMES

        method, below = self.heap.classes.method, self.heap.classes.below
        return all(any(method(heir, name) is not None for heir in below(key) for name in NAMES) for key in entering)

    def is_on_others(self, removal: Effect, function: Function) -> bool:
        """Tell whether all calls of a removal are seen to be on objects that are not the one whose holder it is."""
        receiver = ("param", function.key, function.params[0].name if function.params else "")
        where = self.removals.lifetime.where(removal.container)
        if function.kind != "method" or root(removal.base) != receiver or where is None or where.scope != "field":
            return False
        if function.key in self.removals.multiplicity.escaping:
            return False
        calls = self.effects.calls.get(function.key, ())
        return bool(calls) and not any(self._may_live_long(call.bound.get(receiver[2], NONE)) for call in calls)

    def _may_live_long(self, term: Term) -> bool:
        """Tell whether an object that a term denotes may live long; one that is not known may."""
        values = self.heap.evaluate(term)
        return not values or any(value[0] != "inst" or value in self.removals.lifetime.long for value in values)
