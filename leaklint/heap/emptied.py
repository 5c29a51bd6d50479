"""Entries that are emptied and stay: what is inside of each is taken out when it is too old, the entry itself never is."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from leaklint.flow.model import Function
from leaklint.flow.terms import walk
from leaklint.heap.effects import Effect, distinct_effects
from leaklint.heap.grouping import lists_by_key

if TYPE_CHECKING:
    from leaklint.heap.removal import Removals

_ORDERED = frozenset({"<", "<=", ">", ">="})


class Emptied:
    """Finds the sweeps that go through all entries of a holder and take out only what is inside of them."""

    def __init__(self, removals: Removals) -> None:
        """Take what is asked for everything else."""
        self.removals = removals

    def why(self, store: Effect) -> str:
        """Return the sweep that empties what a store puts into a mapping; nothing if there is none."""
        if store.value is None or store.key is None:
            return ""
        made = {value[1]: None for value in self.removals.heap.evaluate(store.value) if value[0] == "inst"}
        for function in (one for owner in made for one in self._by_age.get(owner, ())):
            for call in self.removals.effects.calls.get(function.key, ()):
                loops = [guard.test for guard in call.event.guards if guard.kind == "loop"]
                if any(self.removals.runs_over(test, store.container) for test in loops):
                    line = call.event.place[0]
                    return f"{function.name}() takes out what is inside of each (line {line}), and the empty ones stay"
        return ""

    @cached_property
    def _by_age(self) -> dict[str, list[Function]]:
        """Return the methods that take out what is too old, by class."""
        removals = distinct_effects([effect for effect in self.removals.effects.effects if effect.kind == "remove"])
        homes = ((self.removals.heap.functions[removal.function], removal) for removal in removals)
        return lists_by_key((home.owner, home) for home, removal in homes if home.owner and self._is_by_age(removal))

    def _is_by_age(self, removal: Effect) -> bool:
        """Tell whether what is taken out is compared first: an entry's time with a limit."""
        return any(
            part[0] in {"elem", "iter"} and removal.container in self.removals.heap.evaluate(part[1])
            for guard in removal.event.guards
            for term in walk(guard.test)
            if term[0] == "op" and term[1] in _ORDERED
            for side in term[2]
            for part in walk(side)
        )
