"""Linked lists that programs write themselves: a field of a long-lived object leads to nodes that lead to each other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from leaklint.flow.model import Event, Function, qualname
from leaklint.flow.terms import DISPLAYS, Term
from leaklint.heap.certainty import Certainty
from leaklint.heap.domains import Domain
from leaklint.heap.effects import Effect
from leaklint.heap.heap_place import HeapPlace
from leaklint.heap.kinds import OBJECTS_AND_ERRORS
from leaklint.heap.multiplicity import MANY, Multiplicity
from leaklint.heap.release import Quality, Release
from leaklint.heap.retained import Retention, Store
from leaklint.heap.retained_objects import Retained

if TYPE_CHECKING:
    from leaklint.heap.chains import Chains
    from leaklint.heap.retention import Heap

_EACH = "each keeps the one before it"


class Links:
    """Finds lists of nodes that start at a field of an object."""

    def __init__(self, heap: Heap, chains: Chains) -> None:
        self.heap = heap
        self.chains = chains

    def of(self, function: Function, event: Event, before: bool) -> Iterator[Retention]:
        """Yield the lists that an assignment to a field makes longer; ``before``: the new value keeps the old one."""
        first = None
        if event.kind == "setattr":
            first = event if before else self._anchor(function, event)
        if first is None or self.heap.multiplicity.event_runs(function.key, event) != MANY:
            return
        for owner in self._owners(event):
            cuts = list(self._cuts(owner[1], first.name, function, event))
            if any(self._is_called(one) for one in cuts) or (cuts and not self._is_called(function)):
                continue
            yield from self._retention(owner, first, event, function, cuts)

    def _anchor(self, function: Function, event: Event) -> Event | None:
        """``self.tail.next = node; self.tail = node``: return the assignment by which another field holds the first node."""
        target: Term = ("attr", event.terms[0], event.name)
        node = event.terms[1]
        if not any(one.kind == "setattr" and one.terms == (target, node) for one in function.events):
            return None
        for one in function.events:
            if one.kind == "setattr" and one.terms == event.terms and one.name != event.name:
                field: Term = ("attr", one.terms[0], one.name)
                unset = [term for guard in one.guards for term in Multiplicity.unset(guard)]
                if field in unset or target in unset:
                    return one
        return None

    def _owners(self, event: Event) -> list[Term]:
        """Return the long-lived objects whose field is assigned."""
        points_to, long = self.heap.points_to, self.heap.lifetime.long
        found: list[Term] = []
        for value in points_to.in_order(event.terms[0]):
            if value[0] == "inst" and value in long:
                found.append(value)
            elif value[0] == "self" and value[1] in points_to.names.classes:
                below = points_to.classes.below(value[1])
                found += [one for one in long if one[0] == "inst" and one[1] in below]
        return [one for one in dict.fromkeys(found) if one[1] in points_to.names.classes]

    def _cuts(self, owner: str, name: str, function: Function, link: Event) -> Iterator[Function]:
        """Yield the functions that set the field to something else than a longer list, after the object is made."""
        heap = self.heap
        for key, event in heap.points_to.attributes.field_terms(owner, name):
            other = heap.points_to.functions[key]
            target: Term = ("attr", event.terms[0], name)
            if event is link or heap.rebinding.is_birth(key, ("field", owner, name)):
                continue
            if self.chains.holds(event.terms[1], target, event) or (
                other is function and event.terms[1] == link.terms[1]
            ):
                continue
            feasibility = heap.removals.feasibility
            if not feasibility.outlived(event, other) and not feasibility.never(event, other):
                yield other

    def _is_called(self, function: Function) -> bool:
        """Tell whether anything in the program calls a function, or the interpreter does, or whoever it is handed to."""
        if function.name.startswith("__") and function.name != "__init__":
            return True
        escapes = function.key in self.heap.multiplicity.escaping
        calls = self.heap.effects.calls.get(function.key, ())
        return escapes or bool(function.decorators) or any(call.caller != function.key for call in calls)

    def _retention(
        self, owner: Term, first: Event, event: Event, function: Function, cuts: list[Function]
    ) -> Iterator[Retention]:
        retained = self._kept(event.terms[1])
        if retained is None or (retained.cls and self.heap.multiplicity.is_single(retained.cls)):
            return
        outer = self.heap.lifetime.long[owner]
        location = outer._replace(name=f"{outer.name}.{first.name}", path=(*outer.path, first.name), depth=0)
        target: Term = ("attr", event.terms[0], event.name)
        site = ("container", "object", (outer.scope, outer.owner, location.name))
        effect = Effect("store", "chained", site, target, None, event.terms[1], function.key, event)
        certainty = Certainty(2 if retained.kind in OBJECTS_AND_ERRORS else 1)
        if cuts:
            certainty = certainty.lowered(1, f"nothing in the program calls {qualname(cuts[0].key)}()")
        store = Store(effect, retained, "element", Domain.UNKNOWN, certainty)
        if self._is_shared_unsurely(owner, first, store):
            certainty = certainty.lowered(0, "not every object of its class lives long")
        release = Release(Quality.NONE, _EACH)
        yield Retention(location, "object", (store,), release, certainty.word, certainty.reasons)

    def _is_shared_unsurely(self, owner: Term, first: Event, store: Store) -> bool:
        field = HeapPlace("field", owner[1], first.name, owner[1].partition(":")[0], first.place)
        return self.heap.owners.is_shared_unsurely(field, [store])

    def _kept(self, node: Term) -> Retained | None:
        """Return what a new node keeps: what its constructor is given, else what is in it, else the node itself."""
        keeping = self.heap.keeping
        parts = node[1] if node[0] in DISPLAYS else (node,)
        own = {value[1] for value in self.heap.points_to.evaluate(node) if value[0] == "inst"}
        inside = [one for part in parts for one in keeping.inside(part) if one.cls not in own]
        every = [*inside, *(one for part in parts for one in keeping.of(part))]
        return next((one for one in every if one.kind in OBJECTS_AND_ERRORS), None)
