"""Private functions that nothing in the program calls, hands on or so much as names."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from leaklint.flow.model import Function
from leaklint.flow.terms import walk
from leaklint.heap.process_end import function_is_private

if TYPE_CHECKING:
    from leaklint.heap.removal import Removals


class Unnamed:
    """Judges whether a private function may ever run."""

    def __init__(self, removals: Removals) -> None:
        """Take what is asked for everything else."""
        self.removals = removals

    def is_never_called(self, function: Function) -> bool:
        """Tell whether a function is private, and nothing in the program calls it or so much as names it.

        A class with several such methods has them for others to call, by names that they know.
        """
        methods = self.removals.heap.names.classes[function.owner].methods.values() if function.owner else ()
        others = (self.removals.heap.functions[key] for key in methods if key != function.key)
        return self._is_unnamed(function) and not any(map(self._is_unnamed, others))

    def _is_unnamed(self, function: Function) -> bool:
        is_private = function_is_private(function) and not function.decorators
        return is_private and not self.removals.reachable(function) and function.name not in self._named

    @cached_property
    def _named(self) -> frozenset[str]:
        """Return the names of all variables and attributes that the program reads, and its texts, which may be such names."""
        events = [event for function in self.removals.heap.functions.values() for event in function.events]
        tops = [top for event in events for top in event.terms[event.kind == "setname" :]]  # not what is set
        tops += [guard.test for event in events for guard in event.guards]
        return frozenset(
            str(term[1]).strip("'\"") if term[0] == "const" else str(term[2])
            for top in tops for term in walk(top)
            if term[0] in {"name", "attr"} or term[::2] == ("const", "str")
        )  # fmt: skip
