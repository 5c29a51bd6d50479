"""How long what is handed over is kept: as long as the object that keeps it, whose life the program decides."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from leaklint.flow.terms import NONE, Term

if TYPE_CHECKING:
    from leaklint.heap.retention import Heap


class Life(Enum):
    """How long an object lives: as long as the process, no longer than its users, or nobody knows."""

    PROCESS = "process"
    SHORT = "short"
    UNKNOWN = "unknown"


class Outliving:
    """Judges how long the receivers of calls live."""

    def __init__(self, heap: Heap) -> None:
        self.heap = heap

    def of(self, term: Term) -> Life:
        """Return how long what a term stands for lives; of several, the longest life that is seen."""
        points_to = self.heap.points_to
        values = points_to.attributes.with_given(term)
        lives = {self._lives(value) for value in values}
        if term[0] == "attr" and lives & {"owner", "receiver"}:
            return self.of(term[1])  # an attribute that is made anew for each object of the class that it stands on
        if term[0] == "call" and "receiver" in lives:
            return self.of(term[1][1] if term[1][0] == "attr" else term[1])
        found = {self._of_value(value, term) for value in values}
        if Life.PROCESS in found:
            return Life.PROCESS
        return Life.UNKNOWN if Life.UNKNOWN in found or not found else Life.SHORT

    def _lives(self, value: Term) -> str:
        if value[0] not in {"extinst", "ext"}:
            return ""
        klass = self.heap.points_to.contracts.klass(value[1])
        if klass is None and value[0] == "ext":
            thing = self.heap.points_to.contracts.object(value[1])
            klass = self.heap.points_to.contracts.klass(thing.cls) if thing is not None and thing.cls else None
        if klass is None:
            return ""
        if klass.holder_argument or klass.lives == "handed out":
            return "process" if self.heap.points_to.lives_on(value) else ""
        return klass.lives

    def _of_value(self, value: Term, term: Term) -> Life:
        if value[0] in {"extinst", "ext"} and self._lives(value) == "process":
            return Life.PROCESS
        holder = self.heap.points_to.external.held_by.get(value)
        if holder is not None:
            return Life.SHORT if holder == NONE else self.of(holder)
        if value[0] == "func" and self.heap.points_to.functions[value[1]].parent:
            return Life.SHORT  # made by each run of the function around it
        if term[0] == "call" and value[0] in {"extinst", "inst"} and value[2] == term[4]:
            return Life.SHORT  # made by the run that hands something over: the one goes with the other
        if value[0] == "extinst" and value[2] is None:
            return (
                Life.UNKNOWN
            )  # one of a class that an annotation names: which one, and how long it lives, is not said
        if value in self.heap.lifetime.long or value[0] in {"class", "module", "func"}:
            return Life.PROCESS
        match value[0]:
            case "ext":  # of a module of another package, or an attribute of an object that such a package has made
                term = term[1] if term[0] == "elem" else term
                base = self.heap.points_to.evaluate(term[1]) if term[0] == "attr" else frozenset()
                made = any(one[0] in {"extinst", "self", "inst", "param"} for one in base)
                return self.of(term[1]) if made else Life.PROCESS
            case "extinst" | "inst" | "self" | "container":
                return Life.SHORT
        return Life.UNKNOWN
