"""Flags that end loops: fields of an object, and what else may be that very field, or the event that is in it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from leaklint.flow.model import Event, Function
from leaklint.flow.terms import Term, children, walk

if TYPE_CHECKING:
    from leaklint.heap.retention import Heap

_RAISING = frozenset({"set", "clear", "put", "put_nowait", "close", "stop", "shutdown"})
_ASKING = frozenset({"wait", "is_set", "isSet"})
_DEPTH = 4  # how many fields and parameters an event is followed through
_SOURCES = 8  # and to how many places at each step


class Flags:
    """Tells whether anything changes a flag."""

    def __init__(self, heap: Heap) -> None:
        """Take what is asked for everything else."""
        self.heap = heap
        self._made: dict[tuple[Term, int], frozenset[Term]] = {}

    def is_field(self, term: Term) -> bool:
        """Tell whether a term is an attribute of an object of the program."""
        return bool(self._owners(term))

    def is_raised(self, flag: Term, function: Function, negated: bool, asked_anew: bool = True) -> bool:
        """Tell whether what ends a loop changes: by a property, or by anything but the constructor and the finalizer.

        ``negated``: the loop goes on while the flag is not set. ``asked_anew``: it asks the field each time, rather than
        the event that was in it when the loop was handed that.
        """
        return self.is_property(flag) or any(True for _ in self.raising(flag, function, negated, asked_anew))

    def raising(self, flag: Term, function: Function, negated: bool, asked_anew: bool = True) -> Iterator[str]:
        """Yield the functions, but for the constructor and the finalizer, that set a field to what ends the loop."""
        goes_on: Term = ("const", "False" if negated else "True", "bool")
        feasibility = self.heap.removals.feasibility
        for key, home in self.heap.points_to.functions.items():
            if home.name in {"__init__", "__post_init__"} or key == function.key or feasibility.only_finalizing(key):
                continue
            for event in home.events:
                if not asked_anew and event.kind == "setattr":
                    continue
                if self._changes(event, flag, goes_on) and not feasibility.never(event, home):
                    yield key

    def is_only_asked(self, made: Term, function: Function) -> bool:
        """Tell whether a run of a function makes an event for itself, and does nothing but wait for it."""
        points_to = self.heap.points_to
        if points_to.evaluate(made) != {("plain", "primitive")}:
            return False
        if any(one.parent == function.key for one in points_to.functions.values()):
            return False  # which may set it
        asks = {("attr", made, name) for name in _ASKING}
        tops = [top for event in function.events for top in event.terms if (event.kind, top) != ("call", made)]
        return made not in tops and all(
            made not in children(term) or term in asks for top in tops for term in walk(top)
        )

    def _changes(self, event: Event, flag: Term, goes_on: Term) -> bool:
        """Tell whether an event sets a flag to what ends the loop, or calls a method of it that does."""
        if event.kind == "setattr":
            return event.name == flag[2] and event.terms[1] != goes_on and self._may_have(event.terms[0], flag)
        callee: Term = event.terms[0][1] if event.kind == "call" else ()
        return callee[:1] == ("attr",) and callee[2] in _RAISING and self._may_be(callee[1], flag)

    def _may_be(self, term: Term, flag: Term) -> bool:
        """Tell whether a term denotes the event in a flag: the same field, or an object that is made at the same place."""
        if term[0] == "attr" and term[2] == flag[2] and self._may_have(term[1], flag):
            return True
        return not self._origins(term, 0).isdisjoint(self._origins(flag, 0))

    def _origins(self, term: Term, depth: int) -> frozenset[Term]:
        """Return the calls that make what a field or a parameter may hold, as far as they are seen."""
        if (term, depth) not in self._made:
            self._made[term, depth] = frozenset()
            sources = self._sources(term) if depth < _DEPTH else []
            own = [term] if term[0] in {"call", "name", "dotted"} else []
            self._made[term, depth] = frozenset(own).union(
                *(self._origins(one, depth + 1) for one in sources[:_SOURCES])
            )
        return self._made[term, depth]

    def _sources(self, term: Term) -> list[Term]:
        """Return the terms that are assigned to a field, or handed in for a parameter, or those that a term is one of."""
        points_to = self.heap.points_to
        if term[0] == "attr":
            owners = (one for one in self._owners(term) if one in points_to.names.classes)
            return [event.terms[1] for one in owners for _, event in points_to.attributes.field_terms(one, term[2])]
        if term[0] == "param":
            return [given for _, given in points_to.calling.given_for(term)]
        return list(term[1]) if term[0] == "union" else list(points_to.cell(term)) if term[0] == "cell" else []

    def _may_have(self, base: Term, flag: Term) -> bool:
        """Tell whether an object may be the one that has the flag; one of which nothing is known may."""
        classes, owners = self.heap.points_to.classes, self._owners(flag)
        for value in self.heap.points_to.attributes.handed_down(base):
            if value[0] not in {"self", "inst", "class"} or value[1] not in self.heap.points_to.names.classes:
                return True
            if any(not classes.below(value[1]).isdisjoint(classes.below(owner)) for owner in owners):
                return True
        return False

    def _owners(self, flag: Term) -> set[str]:
        return {value[1] for value in self.heap.points_to.evaluate(flag[1]) if value[0] in {"self", "inst"}}

    def is_property(self, term: Term) -> bool:
        classes = self.heap.points_to.classes
        owners = (one for one in self._owners(term) if one in self.heap.points_to.names.classes)
        methods = [classes.method(owner, term[2]) for owner in owners]
        return any(one is not None and self.heap.points_to.functions[one].decorators for one in methods)
