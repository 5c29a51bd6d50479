"""Functions that refuse what is registered already: no entry comes twice under one name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from leaklint.flow.model import Guard
from leaklint.flow.terms import Term, walk
from leaklint.flow.truth import truthy
from leaklint.heap.effects import Effect
from leaklint.heap.key_guards import conjuncts

if TYPE_CHECKING:
    from leaklint.heap.retention import Heap


class Refusals:
    """Finds the holders that a function asks for an entry before it raises."""

    def __init__(self, heap: Heap) -> None:
        """Take what is asked for everything else."""
        self.heap = heap
        self._refusing: dict[str, frozenset[tuple[str, str, str]]] = {}  # by function: the holders that it asks first

    def raises_twice(self, effect: Effect) -> bool:
        """Tell whether the function refuses what is already registered."""
        here = self.heap.location(effect.container)
        known = self._refusing.get(effect.function)
        if known is None:
            events = self.heap.points_to.functions[effect.function].events
            guards = [guard for event in events if event.kind == "raise" for guard in event.guards]
            tests = dict.fromkeys(test for guard in guards for test in _present(guard))
            known = frozenset().union(*(self._asked_of(test) for test in tests))
            self._refusing[effect.function] = known
        return here is not None and here.key in known

    def _asked_of(self, test: Term) -> set[tuple[str, str, str]]:
        """Return the holders that a test looks into, or that what it looks into is part of."""
        found = set()
        for term in walk(test):
            if term[0] in {"name", "attr", "call", "cell"}:
                for value in self.heap.points_to.evaluate(term):
                    where = self.heap.lifetime.long.get(value) if value[0] == "container" else None
                    if where is not None:
                        found.add(where.key)
        return found


def _present(guard: Guard) -> Iterator[Term]:
    """Yield the tests by which a guard says that something is in a container: ``key in c``, ``c.get(key)``, ``c[key]``."""
    for test, holds in conjuncts(guard.test, guard.holds) if guard.kind in {"if", "past"} else ():
        if test[0] == "op" and test[1] in {"in", "not in"} and (test[1] == "in") == holds:
            yield test
        found = truthy(test, holds)
        yield from (term for term in found if term[0] == "elem" or (term[0] == "call" and term[1][0] == "attr"))
