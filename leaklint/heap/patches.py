"""Attributes of what lives long that are wrapped again and again: each wrapper keeps the one before it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property, partial
from typing import TYPE_CHECKING, NamedTuple

from leaklint.flow.model import Event, qualname
from leaklint.flow.terms import Term, walk
from leaklint.heap.callers import callers_up
from leaklint.heap.certainty import Certainty
from leaklint.heap.early_exits import LEFT_BY_ERROR, is_always_undone
from leaklint.heap.kinds import OBJECTS
from leaklint.heap.multiplicity import MANY
from leaklint.heap.outermost import CROSSED, is_outermost_alone, may_cross
from leaklint.heap.retained_objects import Retained

if TYPE_CHECKING:
    from leaklint.heap.retention import Heap

_USUALLY_ONCE = "a function that wraps something usually runs once"
_CALLERS = 3  # above a function that wraps something
_READING = frozenset({"getattr", "hasattr"})


class _Assignment(NamedTuple):
    """An assignment to an attribute of a class, a module or a long-lived object, by a statement or by ``setattr``."""

    function: str
    event: Event
    base: Term
    name: str
    value: Term
    owners: frozenset[Term]


class Patch(NamedTuple):
    """A wrapper that is put in the place of what it wraps, each time its function runs; and how sure it is that it stays."""

    function: str
    event: Event
    name: str
    retained: Retained
    value: Term
    certainty: Certainty


class Patches:
    """Finds wrappers of wrappers."""

    def __init__(self, heap: Heap) -> None:
        self.heap = heap

    def all(self) -> Iterator[Patch]:
        """Yield the wrappers that nothing takes off again and that are put on many times."""
        for one in self._assignments:
            if not self._wraps(one) or self._is_guarded(one) or self._is_restored(one):
                continue
            if self.heap.multiplicity.event_runs(one.function, one.event) != MANY:
                continue
            every = self.heap.keeping.of(one.value)
            retained = next((retained for retained in every if retained.kind in OBJECTS), None)
            if retained is not None and not (retained.cls and self.heap.multiplicity.is_single(retained.cls)):
                owner = min(qualname(str(value[1])) for value in one.owners)
                certainty = self._certainty(one, retained)
                yield Patch(one.function, one.event, f"{owner}.{one.name}", retained, one.value, certainty)

    def _certainty(self, patch: _Assignment, retained: Retained) -> Certainty:
        reason = self._reason(patch)
        level = 0 if reason == LEFT_BY_ERROR else self._level(patch, retained)
        return Certainty(level).because(reason or ("" if level else _USUALLY_ONCE))

    def _reason(self, patch: _Assignment) -> str:
        """Return on what it depends that a wrapper stays; nothing where nobody takes it off."""
        if any(self._leaves_inner(patch, other) for other in self._assignments):
            return CROSSED
        function = self.heap.points_to.functions[patch.function]
        left = any(
            other.function == patch.function and self._is_old(other.value, patch) and other.name == patch.name
            and not patch.owners.isdisjoint(other.owners) and is_always_undone(function, patch.event, other.event)
            for other in self._assignments
        )  # fmt: skip
        return LEFT_BY_ERROR if left else ""

    def _level(self, patch: _Assignment, retained: Retained) -> int:
        """A function that wraps something is called once in most programs, unless each of many objects calls it."""
        if not retained.cls or not self._is_of_objects(patch.function):
            return 0
        often = self.heap.multiplicity
        return int(not (often.is_few(retained.cls) or often.is_one_at_a_time(retained.cls)))

    def _is_of_objects(self, key: str) -> bool:
        """Tell whether an object calls a function on itself: a method of it, or one that such a method calls."""
        around = callers_up(self.heap.effects, [key], _CALLERS)
        return any(self.heap.points_to.functions[caller].kind == "method" for caller in around)

    @cached_property
    def _assignments(self) -> list[_Assignment]:
        found = []
        for key, function in self.heap.points_to.functions.items():
            if function.kind in {"module", "class"}:
                continue
            for event in function.events:
                if event.kind == "setattr":
                    base, name, value = event.terms[0], event.name, event.terms[1]
                elif event.kind == "call" and len(event.terms[0][2]) == 3 and self._calls(event.terms[0], "setattr"):
                    base, _, value = event.terms[0][2]
                    name = ""  # worked out at run time
                else:
                    continue
                owners = self._owners(base)
                if owners or not name:
                    found.append(_Assignment(key, event, base, name, value, owners))
        return found

    @staticmethod
    def _calls(term: Term, name: str) -> bool:
        callee: Term = term[1]
        return bool(callee[0] == "name" and callee[2] == name)

    def _owners(self, base: Term) -> frozenset[Term]:
        """Return the classes, modules and long-lived objects that a term denotes."""
        names, long = self.heap.points_to.names, self.heap.lifetime.long
        return frozenset(
            value
            for value in self.heap.points_to.attributes.with_given(base)
            if value[0] in {"module", "ext"}
            or (value[0] == "class" and not names.classes[value[1]].parent)
            or (value[0] == "inst" and value in long and not long[value].depth)
        )

    def _wraps(self, patch: _Assignment) -> bool:
        """Tell whether what is assigned keeps what was there before."""
        if not patch.owners:
            return False
        points_to = self.heap.points_to
        made = {term for term in walk(patch.value) if term[0] == "func"}  # rather than read from where it was saved
        for value in points_to.evaluate(patch.value):
            if value in made and points_to.functions[value[1]].parent:
                retained = [term for cell in self.heap.keeping.captures(value[1]) for term in self._of_variable(cell)]
                retained += [
                    param.default for param in points_to.functions[value[1]].params if param.default is not None
                ]
                if any(self._is_old(inner, patch) for term in retained for inner in walk(term)):
                    return True
            elif value[0] == "method" and patch.value[::2] == ("attr", points_to.functions[value[2]].name):
                if self._saves(patch):
                    return True
        return False

    def _of_variable(self, cell: Term) -> tuple[Term, ...]:
        return self.heap.points_to.cell(cell) if cell[0] == "cell" else ()

    def _saves(self, patch: _Assignment) -> bool:
        """``self.original = Client.send; Client.send = self.send``"""
        return any(
            event.kind == "setattr" and event is not patch.event and self._is_old(event.terms[1], patch)
            for event in self.heap.points_to.functions[patch.function].events
        )

    def _is_old(self, term: Term, patch: _Assignment) -> bool:
        """Tell whether a term reads the attribute that is assigned."""
        if term[0] == "attr" and term[2] == patch.name:
            return not patch.owners.isdisjoint(self._owners(term[1]))
        if term[0] == "call" and len(term[2]) >= 2 and self._calls(term, "getattr"):
            named = term[2][1][0] == "const" and term[2][1][1].strip("'\"") == patch.name
            return named and not patch.owners.isdisjoint(self._owners(term[2][0]))
        return False

    def _is_guarded(self, patch: _Assignment) -> bool:
        """Tell whether the attribute, or a mark on its owner, is looked at first."""
        for guard in patch.event.guards:
            for term in walk(guard.test) if guard.kind in {"if", "past"} else ():
                if self._is_old(term, patch):
                    return True
                read = (
                    term[0] == "call"
                    and bool(term[2])
                    and term[1][0] == "name"
                    and f"builtins.{term[1][2]}" in _READING
                )
                if (term[0] == "attr" and not patch.owners.isdisjoint(self._owners(term[1]))) or (
                    read and not patch.owners.isdisjoint(self._owners(term[2][0]))
                ):
                    return True
        return False

    def _is_restored(self, patch: _Assignment) -> bool:
        """Tell whether the program puts something else back, elsewhere or at the end of the same function."""
        points_to, feasibility = self.heap.points_to, self.heap.removals.feasibility
        home = points_to.names.module_of(patch.function)
        for other in self._assignments:
            if other.event is patch.event:
                continue
            named = other.name == patch.name and not patch.owners.isdisjoint(other.owners)
            by_any_name = not other.name and points_to.names.module_of(other.function) is home
            if not (named or by_any_name) or (named and self._wraps(other)):
                continue
            function = points_to.functions[other.function]
            if self._leaves_inner(patch, other):
                continue
            later = other.function != patch.function or self._ends(other.event, patch.event, function.events)
            if (
                later
                and not feasibility.outlived(other.event, function)
                and not feasibility.never(other.event, function)
            ):
                return True
        return any(
            event.kind == "delattr" and event.name == patch.name
            for function in points_to.functions.values()
            for event in function.events
        )

    def _leaves_inner(self, patch: _Assignment, other: _Assignment) -> bool:
        """Tell whether an assignment takes a wrapper off only while it is the outermost, though others may be around it."""
        named = other.name == patch.name and not patch.owners.isdisjoint(other.owners)
        alone = named and is_outermost_alone(other.event, partial(self._is_old, patch=patch))
        return alone and may_cross(self.heap, patch.function, other.function)

    @staticmethod
    def _ends(event: Event, patch: Event, events: tuple[Event, ...]) -> bool:
        """Tell whether an event of the function that patches comes at its end: in ``finally``, or after a ``yield``."""
        if event.place < patch.place:
            return False
        return any(guard.kind == "finally" for guard in event.guards) or any(
            one.kind == "yield" and patch.place < one.place < event.place for one in events
        )
