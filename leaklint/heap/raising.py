"""Exceptions that live as long as the process and are raised again and again: each raise adds to their traceback.

The interpreter puts the traceback of a raise in front of the one that the exception has already; it does not start anew
("The raise statement" of the language reference: an instance is raised as it is, ``with_traceback`` sets what it begins with).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING

from leaklint.flow.model import Event
from leaklint.flow.terms import NONE, Term
from leaklint.heap.certainty import Certainty
from leaklint.heap.domains import Domain
from leaklint.heap.effects import Effect
from leaklint.heap.multiplicity import MANY
from leaklint.heap.release import Quality, Release
from leaklint.heap.retained import Retention, Store
from leaklint.heap.retained_objects import Retained

if TYPE_CHECKING:
    from leaklint.heap.retention import Heap

_SURE = Certainty(2)
_EACH = "each raise adds its frames to the traceback that is there already"


class Raising:
    """Finds exceptions of the whole process that functions raise as they are."""

    def __init__(self, heap: Heap) -> None:
        self.heap = heap

    def all(self) -> Iterator[Retention]:
        """``NOT_READY = NotReady("...")`` in a module, ``raise NOT_READY`` in a function."""
        raised: dict[Term, list[Store]] = defaultdict(list)
        for key, function in self.heap.points_to.functions.items():
            for event in function.events:
                if event.kind == "raise" and self.heap.multiplicity.event_runs(key, event) == MANY:
                    for value in self.heap.points_to.in_order(event.terms[0]):
                        if self._is_of_the_process(value):
                            raised[value].append(self._store(value, key, event))
        for value, stores in raised.items():
            if not self._is_reset(value):
                location = self.heap.lifetime.long[value]
                yield Retention(location, "object", tuple(stores), Release(Quality.NONE, _EACH), _SURE.word, ())

    def _is_of_the_process(self, value: Term) -> bool:
        """Tell whether a value is one exception, made once, that a variable of the process holds."""
        where = self.heap.lifetime.long.get(value)
        if where is None or where.depth:
            return False
        if value[0] == "inst":
            is_exception = any(one.kind == "exception" for one in self.heap.keeping.object(("self", *value[1:])))
            return is_exception and not self.heap.multiplicity.is_made_often(value)
        return value[0] == "exc" and len(value) > 1 and not self._is_in_a_function(value[1])

    def _is_in_a_function(self, site: Term) -> bool:
        """Tell whether a call stands in a function, not in the body of a module or a class."""
        return any(
            function.place[0] <= site[1] <= function.place[2]
            for function in self.heap.points_to.names.modules[site[0]].functions.values()
            if function.kind not in {"module", "class"}
        )

    def _store(self, value: Term, key: str, event: Event) -> Store:
        effect = Effect("store", "raised", value, event.terms[0], None, event.terms[0], key, event)
        retained = Retained("traceback", value[1] if value[0] == "inst" else "")
        return Store(effect, retained, "element", Domain.UNKNOWN, _SURE)

    def _is_reset(self, value: Term) -> bool:
        """Tell whether the program takes the traceback off again: ``error.__traceback__ = None``."""
        return any(
            name == "__traceback__" and event.terms[1] == NONE
            for name, _, event in self.heap.lifetime.assigned_to(value)
        )
