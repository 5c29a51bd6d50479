"""Defaults of context variables: every context that sets no other shares the one container, and nothing lets it go."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from leaklint.flow.terms import UNKNOWN, Term
from leaklint.heap.domains import Domain
from leaklint.heap.kept import Kept
from leaklint.heap.retained import Store

if TYPE_CHECKING:
    from leaklint.heap.effects import Effect
    from leaklint.heap.retention import Heap

_WHY = "assumes that contexts fill it that have set no other: it is the default, one for all of them"


class ContextDefaults:
    """Judges what is put into the defaults of context variables, though it keeps nothing itself: texts and the like."""

    def __init__(self, heap: Heap) -> None:
        """Take what is asked for everything else."""
        self.heap = heap

    def stores(self, effect: Effect) -> Iterator[Store]:
        """Yield a store into a default, where the program gives some contexts a container of their own.

        It then means what is in there to go with the context.
        """
        put = effect.key if effect.key is not None else effect.value
        if put is None or effect.container not in self._defaults:
            return
        domain = self.heap.keys.of(put, effect.chain)
        if domain in {Domain.TEXT, Domain.FRESH, Domain.VALUE}:
            yield Store(effect, Kept("made", chain=effect.chain), "element", domain, 1, (_WHY,))

    @cached_property
    def _defaults(self) -> frozenset[Term]:
        """Return the containers that are defaults of variables which the program sets to others somewhere."""
        points_to = self.heap.points_to
        variables = [value for value in self.heap.lifetime.long if value[:2] == ("container", "contextvar")]
        return frozenset(
            value
            for variable in variables if variable in self._set
            for _, part in points_to.contents.parts(variable)
            for value in points_to.evaluate(part) if value[0] == "container"
        )  # fmt: skip

    @cached_property
    def _set(self) -> frozenset[Term]:
        """Return the context variables that are set to containers."""
        found: set[Term] = set()
        evaluate = self.heap.points_to.evaluate
        for function in self.heap.points_to.functions.values():
            for event in function.events:
                term: Term = event.terms[0] if event.kind == "call" else UNKNOWN
                if term[0] != "call" or term[1][0] != "attr" or term[1][2] != "set" or len(term[2]) != 1:
                    continue
                if any(value[0] == "container" for value in evaluate(term[2][0])):
                    found |= {value for value in evaluate(term[1][1]) if value[:2] == ("container", "contextvar")}
        return frozenset(found)
