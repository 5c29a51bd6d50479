"""Defaults of context variables: every context that sets no other shares the one container, and nothing lets it go."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from leaklint.flow.terms import Term
from leaklint.heap.certainty import Certainty
from leaklint.heap.domains import Domain
from leaklint.heap.retained import Store
from leaklint.heap.retained_objects import Retained

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
            yield Store(effect, Retained("made", chain=effect.chain), "element", domain, Certainty(1, (_WHY,)))

    @cached_property
    def _defaults(self) -> frozenset[Term]:
        """Return the containers that are defaults of variables which the program sets to others somewhere."""
        points_to = self.heap.points_to
        variables = [value for value in self.heap.lifetime.long if value[:2] == ("container", "contextvar")]
        return frozenset(
            value
            for variable in variables if self._is_set(variable)
            for _, part in points_to.contents.parts(variable)
            for value in points_to.evaluate(part) if value[0] == "container"
        )  # fmt: skip

    def _is_set(self, variable: Term) -> bool:
        """Tell whether a context variable is set to a container while the program runs."""
        settings = self.heap.keys.settings.by_variable.get(variable, ())
        given = (event.terms[0] for function, event in settings if function.kind != "module")
        return any(
            value[0] == "container"
            for one in given if one[1][2] == "set"
            for value in self.heap.points_to.evaluate(one[2][0])
        )  # fmt: skip
