"""Objects that put themselves somewhere, and whether those who let them go come to the removal that takes them out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leaklint.flow.model import Function
from leaklint.flow.terms import DISPLAYS, NONE, Term, root
from leaklint.heap.effects import Effect
from leaklint.heap.process_end import function_is_private

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

    def needs_what_users_lack(self, removal: Effect, function: Function, stores: list[Effect]) -> bool:
        """Tell whether a removal is to be handed what it takes out, which no call in the program does and users cannot.

        What the stores put in are private methods and inner functions that the program itself hands over.
        """
        if self.removals.reachable(function) or self.removals.feasibility.is_hook(function):
            return False
        receiver = function.params[0].name if function.kind == "method" and function.params else ""
        is_handed_in = any(
            term is not None and term[:2] == ("param", function.key) and term[2] != receiver
            for term in (removal.key, removal.value)
        )
        return is_handed_in and all(self._is_private(store.value, store.function) for store in stores)

    def _is_private(self, term: Term | None, function: str) -> bool:
        """Tell whether callers of a function hand in private methods and inner functions for a term, or for a part of a row."""
        if term is None or term[0] in DISPLAYS:
            return term is not None and any(self._is_private(part, function) for part in term[1])
        handed_in = [value for value in self.heap.attributes.with_given(term) if value[0] != "param"]
        functions = [self.heap.functions[value[-1]] for value in handed_in if value[0] in {"method", "func"}]
        known = bool(handed_in) and len(functions) == len(handed_in)
        return term[:2] == ("param", function) and known and all(map(_is_private_or_inner, functions))

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


def _is_private_or_inner(function: Function) -> bool:
    return bool(function.parent) or function_is_private(function)
