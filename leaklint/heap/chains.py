"""Slots for one object, and behind it all that came before: each new value keeps the one that it takes the place of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property, partial
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from leaklint.flow.model import Event, Function
from leaklint.flow.terms import DISPLAYS, NONE, Term
from leaklint.heap.arguments import call_arguments
from leaklint.heap.certainty import Certainty
from leaklint.heap.cut_links import CutLinks
from leaklint.heap.domains import Domain
from leaklint.heap.effects import Effect
from leaklint.heap.grouping import lists_by_key
from leaklint.heap.heap_place import HeapPlace
from leaklint.heap.kinds import OBJECTS_AND_ERRORS
from leaklint.heap.links import Links
from leaklint.heap.multiplicity import MANY
from leaklint.heap.namespaces import is_constructor
from leaklint.heap.outermost import CROSSED, is_outermost_alone, may_cross
from leaklint.heap.release import Quality, Release
from leaklint.heap.retained import Retention, Store
from leaklint.heap.retained_objects import Retained

if TYPE_CHECKING:
    from leaklint.heap.retention import Heap

_MAKING = DISPLAYS | {"call", "func"}  # terms of values that may keep others
_DEPTH = 3  # how many values deep the old one is looked for
_MOST = 200  # values at each depth


class Made(NamedTuple):
    """What a new value keeps, and the values in which more may be (``inside``): these parts, and what functions return."""

    parts: Sequence[Term]
    inside: Sequence[Term]


class Chains:
    """Finds chains that start at a variable of a module or a class."""

    def __init__(self, heap: Heap) -> None:
        self.heap = heap
        self.links = Links(heap, self)
        self.cut_links = CutLinks(heap)
        self._made: dict[Term, Made] = {}

    def all(self) -> Iterator[Retention]:
        """``self.previous = LAST; LAST = self``, ``LAST = Node(x, LAST)`` and ``LAST = (x, LAST)``."""
        for key, function in self.heap.points_to.functions.items():
            if function.kind in {"module", "class"}:
                continue
            for event in function.events:
                if event.kind not in {"setname", "setattr"} or self._is_first(event, function):
                    continue
                value, target = event.terms[-1], _target(event)
                before = any(
                    other.kind == "setattr" and other.terms == (value, target) and other.place < event.place
                    for other in function.events
                )
                before = before or self.holds(value, target, event)
                is_old = partial(self._is_same, target=target, event=event)
                before = before and not self.cut_links.are_cut(function, event, is_old)
                yield from self.links.of(function, event, before)
                if not before or self.heap.multiplicity.event_runs(key, event) != MANY:
                    continue
                for where in self.heap.rebinding.locations(target, event):
                    cuts = list(self._cuts(where, key, event)) if where[0] in {"module", "class"} else [""]
                    if all(cuts):
                        yield from self._chain(where, key, event, value, cuts[:1])

    def _is_first(self, event: Event, function: Function) -> bool:
        """Tell whether an object is given an attribute by the run that makes it: nothing of an earlier run is there."""
        base = event.terms[0]
        if event.kind != "setattr" or base[0] not in {"call", "param"}:
            return False
        if base[0] == "param":
            own = function.kind == "method" and is_constructor(function.name) and function.params
            return bool(own) and base == ("param", function.key, function.params[0].name)
        objects = self.heap.points_to.evaluate(base)
        return bool(objects) and all(value[0] == "inst" and value[2] == base[4] for value in objects)

    def holds(self, value: Term, target: Term, event: Event) -> bool:
        """Tell whether a new value keeps the old value of the variable that it is assigned to."""
        level, seen = [value] if value[0] in _MAKING else [], {value}
        for _ in range(_DEPTH + 1):
            made_of = [self._made_of(term, event) for term in level]
            if any(self._is_same(part, target, event) for made in made_of for part in made.parts):
                return True
            inside = dict.fromkeys(term for made in made_of for term in made.inside)
            level = [term for term in islice(inside, _MOST) if term not in seen and term[0] in _MAKING]
            seen.update(level)
        return False

    def _made_of(self, value: Term, event: Event) -> Made:
        """Return what a new value is made of."""
        if value[0] == "func":
            is_patch = event.kind != "setname"
            cells = () if is_patch else self.heap.keeping.captures(value[1])
            return Made([term for cell in cells for term in self._of_variable(cell)], [])
        if value not in self._made:
            self._made[value] = self._called(value) if value[0] == "call" else Made(value[1], value[1])
        return self._made[value]

    def _called(self, call: Term) -> Made:
        """Return what an object is made with that a call makes, and what the functions of the program return for it."""
        parts: list[Term] = []
        results: list[Term] = []
        for callee in self.heap.points_to.in_order(call[1]):
            if callee[0] == "class" and callee[1] in self.heap.points_to.names.classes:
                parts.extend(self.heap.keeping.given_for_good(callee[1], call))
            elif callee[0] == "ext" and self.heap.points_to.contracts.returned(callee[1]) == "partial":
                parts.extend(list(call_arguments(call)))
            elif callee[0] in {"func", "method"}:
                results.extend(self._returned(callee, call))
        return Made(parts, [*parts, *results])

    def _returned(self, callee: Term, call: Term) -> Iterator[Term]:
        """Yield what a call of a function of the program returns, in terms of the caller."""
        points_to = self.heap.points_to
        function = points_to.functions[callee[-1]]
        receiver = call[1][1] if callee[0] == "method" and call[1][0] == "attr" else None
        bound = points_to.calling.bind(function.key, call, receiver)
        for event in function.events if not function.yields else ():
            if event.kind == "return" and event.terms[0][0] in {*_MAKING, "param"}:
                yield points_to.calling.substituted(event.terms[0], function.key, bound)

    def _is_same(self, term: Term, target: Term, event: Event) -> bool:
        if term == target:
            return True
        if term[0] not in {"name", "attr"} or term[2] != target[2]:
            return False
        locations = self.heap.rebinding.locations
        return not set(locations(term, event)).isdisjoint(locations(target, event))

    def _of_variable(self, cell: Term) -> tuple[Term, ...]:
        return self.heap.points_to.cell(cell) if cell[0] == "cell" else ()

    def _cuts(self, where: tuple[str, str, str], key: str, link: Event) -> Iterator[str]:
        """Yield, for each place that sets the variable to something else while the program runs, why the chain stays.

        That is nothing where it sets it to an older value, or to none, whatever the variable holds.
        """
        for other, event in self._settings.get(where[2], ()):
            target, value = _target(event), event.terms[-1]
            if event is link or where not in self.heap.rebinding.locations(target, event):
                continue
            if self.holds(value, target, event) or (other == key and value == link.terms[-1]):
                continue
            feasibility, function = self.heap.removals.feasibility, self.heap.points_to.functions[other]
            if not feasibility.outlived(event, function) and not feasibility.never(event, function):
                alone = is_outermost_alone(event, partial(self._is_same, target=target, event=event))
                yield CROSSED if alone and may_cross(self.heap, key, other) else ""

    @cached_property
    def _settings(self) -> dict[str, list[tuple[str, Event]]]:
        """Return what functions assign to variables of modules and to attributes, by name."""
        return lists_by_key(
            (event.name, (key, event))
            for key, function in self.heap.points_to.functions.items() if function.kind not in {"module", "class"}
            for event in function.events if event.kind in {"setname", "setattr"}
        )  # fmt: skip

    def _chain(
        self, where: tuple[str, str, str], key: str, event: Event, value: Term, reasons: list[str]
    ) -> Iterator[Retention]:
        names = self.heap.points_to.names
        if where[0] == "module":
            values = names.modules[where[1]].names.get(where[2], [])
            place = values[0][1] if values else event.place
        else:
            place = names.classes[where[1]].attributes.get(where[2], (NONE, event.place))[1]
        home, path = where[1].partition(":")[0], (f"{where[1].replace(':', '.')}.{where[2]}",)
        location = HeapPlace(where[0], where[1], where[2], home, place, 0, path)
        # a display is part of the chain itself: what it keeps besides is what piles up, or the displays alone
        parts = value[1] if value[0] in DISPLAYS else (value,)
        every = [candidate for part in parts for candidate in self.heap.keeping.of(part)]
        every += [Retained("container", "", value[0])] if value[0] in DISPLAYS else []
        retained = min(
            (candidate for candidate in every if candidate.kind in OBJECTS_AND_ERRORS),
            key=lambda candidate: not candidate.cls,
            default=None,
        )
        if retained is None:
            retained = next(
                (candidate for candidate in every if candidate.kind in {"param", "container", "made"}), None
            )
        if retained is None or (retained.cls and self.heap.multiplicity.is_single(retained.cls)):
            return
        certainty = Certainty(self._level(retained), tuple(reasons)).lowered(1 if reasons or value[0] == "func" else 2)
        if value[0] == "func" and not retained.cls:
            level = int(bool(self.heap.effects.calls.get(key)) and not reasons)
            certainty = Certainty(level, (*reasons, f"assumes that callers pass objects for '{retained.name}'"))
        effect = Effect("store", "chained", ("container", "object", where), value, None, value, key, event)
        store = Store(effect, retained, "element", Domain.UNKNOWN, certainty)
        release = Release(Quality.NONE, "each keeps the one before it")
        yield Retention(location, "object", (store,), release, certainty.word, certainty.reasons)

    def _level(self, retained: Retained) -> int:
        if retained.kind not in OBJECTS_AND_ERRORS:
            return 1
        return 0 if retained.cls and self.heap.multiplicity.is_few(retained.cls) else 2


def _target(event: Event) -> Term:
    return event.terms[0] if event.kind == "setname" else ("attr", event.terms[0], event.name)
