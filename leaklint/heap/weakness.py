"""Containers that are weak in name only: a weak key that its own value leads back to, a bound method held weakly."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from leaklint.flow.terms import Term, walk
from leaklint.heap.effects import Effect
from leaklint.heap.lifetime import HeapPlace
from leaklint.heap.multiplicity import MANY
from leaklint.heap.release import Quality

if TYPE_CHECKING:
    from leaklint.heap.retention import Heap

_FIELDS = 3  # how many fields deep a value is searched for its key


class Weak(NamedTuple):
    """A holder that is weak in name only, the store that shows it, and why."""

    location: HeapPlace
    effect: Effect
    why: str
    method: bool = False


class Weakness:
    """Judges weak containers."""

    def __init__(self, heap: Heap) -> None:
        self.heap = heap
        self._removals: dict[Term, list[Effect]] = {}
        for effect in heap.effects.effects:
            if effect.kind == "remove":
                self._removals.setdefault(effect.container, []).append(effect)

    def all(self) -> Iterator[Weak]:
        """Yield each weak container that keeps what it should not, or loses what it should keep."""
        done = set()
        for effect in self.heap.effects.effects:
            kind = effect.container[1]
            location = self.heap.location(effect.container)
            if (
                effect.how == "read"
                and location is not None
                and location.key not in done
                and self._keeps_classes(effect, location)
            ):
                done.add(location.key)
                yield Weak(
                    location,
                    effect,
                    "what is inside is weak, but each class stays as a key; use weakref.WeakKeyDictionary",
                )
            if effect.kind != "store" or location is None or location.key in done or not kind.startswith("weak:"):
                continue
            if self.heap._runs(effect, location) != MANY:
                continue
            why, method = self._why(effect, kind)
            if not why:
                continue
            removals = self._removals.get(effect.container, [])
            held = {
                value[1]
                for term in (effect.key,)
                if term is not None
                for value in self.heap.points_to.evaluate(term)
                if value[0] in {"self", "inst"}
            }
            if self.heap.removals.of([effect], removals, held, set()).quality == Quality.GOOD:
                continue
            done.add(location.key)
            yield Weak(location, effect, why, method)

    def _keeps_classes(self, effect: Effect, location: HeapPlace) -> bool:
        """``defaultdict(WeakSet)`` by class: what is inside is weak, but a class made at run time stays for its key."""
        name = effect.function.rpartition(".")[2]
        if (
            location.scope not in {"class", "module"}
            or location.depth
            or name not in {"__new__", "__init__"}
            or effect.key is None
        ):
            return False
        inner = self.heap.points_to.evaluate(self.heap.effects.factory(effect.container))
        keys = self.heap.points_to.evaluate(effect.key)
        of_class = (
            bool(keys) and all(value[0] == "class" for value in keys) and effect.key[0] in {"param", "call", "attr"}
        )
        removed = effect.container in self._removals
        return (
            of_class
            and not removed
            and bool(inner)
            and all(value[0] == "container" and value[1].startswith("weak:") for value in inner)
        )

    def _why(self, effect: Effect, kind: str) -> tuple[str, bool]:
        if kind == "weak:WeakKeyDictionary" and effect.key is not None and effect.value is not None:
            raw = effect.event.terms if effect.event.kind == "setitem" else ()
            if self.reaches(effect.value, effect.key) or (raw and self.reaches(raw[2], raw[1])):
                return "the value refers to its own key, so neither can go", False
            if self._is_method(effect.key):
                return "a bound method's weak reference is dead at once; use weakref.WeakMethod", True
        if kind == "weak:WeakSet" and effect.value is not None and self._is_method(effect.value):
            return "a bound method's weak reference is dead at once; use weakref.WeakMethod", True
        return "", False

    def _is_method(self, term: Term) -> bool:
        values = self.heap.points_to.evaluate(term)
        return bool(values) and all(value[0] == "method" for value in values)

    def reaches(self, value: Term, key: Term, depth: int = 0) -> bool:
        """Tell whether an object that a term denotes refers to the object that ``key`` denotes."""
        if value == key:
            return True
        points_to = self.heap.points_to
        if value[0] == "attr":
            got = points_to.evaluate(value)
            if any(one[0] == "method" for one in got):
                return self.reaches(value[1], key, depth)
            return any(self._field_reaches(value, one, key, depth) for one in got) if depth < _FIELDS else False
        if value[0] in {"tuple", "list", "set", "dict"}:
            return any(self.reaches(part, key, depth) for part in value[1])
        if value[0] in {"union", "text"}:
            return value[0] == "union" and any(self.reaches(part, key, depth) for part in value[1])
        if value[0] == "func":
            return any(
                term == key or self.reaches(term, key, depth + 1)
                for term in self.heap.keeping.captures(value[1])
                if depth < _FIELDS
            )
        if value[0] == "call":
            return self._call_reaches(value, key, depth)
        if value[0] == "cell":
            return any(self.reaches(term, key, depth + 1) for term in points_to.cell(value) if depth < _FIELDS)
        return depth < _FIELDS and any(self._field_reaches(value, one, key, depth) for one in points_to.evaluate(value))

    def _call_reaches(self, value: Term, key: Term, depth: int) -> bool:
        for callee in self.heap.points_to.evaluate(value[1]):
            if callee[0] == "ext" and self.heap.points_to.contracts.returned(callee[1]) == "partial":
                return any(self.reaches(part, key, depth) for part in (*value[2], *(word for _, word in value[3])))
            if callee[0] == "class" and any(part == key for part in (*value[2], *(word for _, word in value[3]))):
                init = self.heap.points_to.classes.method(callee[1], "__init__")
                if init is None:
                    return bool(self.heap.points_to.classes.class_of(callee[1]).annotations)
                bound = self.heap.points_to.calling.bind(init, value, value)
                names = {name for name, given in bound.items() if given == key}
                return any(
                    event.kind == "setattr" and event.terms[1][:2] == ("param", init) and event.terms[1][2] in names
                    for event in self.heap.points_to.functions[init].events
                )
        return False

    def _field_reaches(self, term: Term, value: Term, key: Term, depth: int) -> bool:
        """Tell whether a field of an object holds the key: it is read from there, or was put there where the store is."""
        if value[0] not in {"self", "inst"} or value[1] not in self.heap.points_to.names.classes:
            return False
        if key[0] == "attr" and key[1] == term:
            return True
        for name, function, event in self.heap.lifetime.assigned_to(value):
            del name
            if event.terms[1] == key:
                return True
            if (
                key[0] == "param"
                and key[1] == function
                and any(one == key for one in walk(event.terms[1]) if event.terms[1][0] != "call")
            ):
                return True
        del depth
        return False
