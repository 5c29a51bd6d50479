"""Threads and tasks that come and go: what is kept for each of them adds up, as long as nothing takes it out when one ends."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from leaklint.flow.terms import Term, walk
from leaklint.heap.layers import layers
from leaklint.heap.multiplicity import MANY
from leaklint.heap.workers import run_by_call, run_of_class

if TYPE_CHECKING:
    from leaklint.heap.effects import Effects
    from leaklint.heap.multiplicity import Multiplicity
    from leaklint.heap.points_to import PointsTo


class Runners:
    """Answers whether code is run by ever new threads or tasks."""

    def __init__(self, heap: PointsTo, effects: Effects, multiplicity: Multiplicity) -> None:
        """Take the call graph, and how often calls run."""
        self.heap = heap
        self.effects = effects
        self.multiplicity = multiplicity

    def come_and_go(self, call: Term) -> bool:
        """Tell whether a call, which asks for the thread or the task that runs, is seen to be made by ever new ones."""
        home = self._homes.get(call[4])
        start = {home} if home is not None else set[str]()
        return any(not layer.isdisjoint(self._short) for layer in layers(start, self._callers))

    def _callers(self, key: str) -> Iterator[str]:
        """Yield the functions that call another one, or read the property that it is."""
        yield from (call.caller for call in self.effects.calls.get(key, ()))
        function = self.heap.functions[key]
        if not function.owner or "property" not in self.heap.attributes.decoration(function):
            return
        related = self.heap.classes.related
        for reader, base in self._reads.get(function.name, ()):
            values = self.heap.evaluate(base)
            if any(value[0] in {"inst", "self"} and related(value[1], function.owner) for value in values):
                yield reader

    @cached_property
    def _reads(self) -> dict[str, list[tuple[str, Term]]]:
        """Return the functions that read attributes, with what they read them of, by the attribute's name."""
        found: dict[str, dict[tuple[str, Term], None]] = {}
        for one in self.heap.functions.values():
            for term in (term for event in one.events for top in event.terms for term in walk(top)):
                if term[0] == "attr":
                    found.setdefault(term[2], {})[one.key, term[1]] = None
        return {name: list(reads) for name, reads in found.items()}

    @cached_property
    def _homes(self) -> dict[Term, str]:
        """Return the functions in which calls out of the program stand, by the site."""
        return {external.call[4]: external.function for external in self.effects.external}

    @cached_property
    def _short(self) -> frozenset[str]:
        """Return what threads and tasks run that are started many times, and that do not wait for more work in a loop."""
        found: set[str] = set()
        for external in self.effects.external:
            if self.multiplicity.event_runs(external.function, external.event) == MANY:
                found |= run_by_call(self.heap, external)
        for key in self.heap.names.classes:
            run = run_of_class(self.heap, key)
            if run is not None and self.multiplicity.is_seen_often(key):
                found.add(run)
        return frozenset(
            key for key in found if not any(one.kind == "while" for one in self.heap.functions[key].events)
        )
