"""Containers that are weak in name only: a weak key that its own value leads back to, a bound method held weakly."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from leaklint.flow.model import Function
from leaklint.flow.terms import DISPLAYS, NONE, Term, is_small, params_of
from leaklint.heap.arguments import call_arguments
from leaklint.heap.effects import Effect
from leaklint.heap.generators import endless
from leaklint.heap.grouping import lists_by_key
from leaklint.heap.heap_place import HeapPlace
from leaklint.heap.multiplicity import MANY
from leaklint.heap.release import Quality

if TYPE_CHECKING:
    from leaklint.heap.retention import Heap

_FIELDS = 3  # how many fields deep a value is searched for its key
_CALLERS = 3  # how many callers up a value and its key are followed
_MOST = 40  # pairs of a value and its key that are looked at
_CALLS = 6  # how many calls, constructors and containers deep


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
        removals = (effect for effect in heap.effects.effects if effect.kind == "remove")
        self._removals = lists_by_key((removal.container, removal) for removal in removals)

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
            if self.heap.runs(effect, location) != MANY or self._is_of_its_key(effect):
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
            lasting = [one for one in removals if not self._is_for_change(one)]
            if lasting and self.heap.removals.of([effect], lasting, held, set(), set()).quality == Quality.GOOD:
                continue
            done.add(location.key)
            yield Weak(location, effect, why, method)

    def _is_of_its_key(self, effect: Effect) -> bool:
        """Tell whether an object is a key in a container of its own, which goes with it."""
        owned = effect.base[0] == "attr" and effect.base[1] == effect.key
        location = self.heap.location(effect.container)
        return owned and location is not None and location.scope in {"field", "object"}

    def _is_for_change(self, removal: Effect) -> bool:
        """Tell whether a removal only drops what has become stale: whoever comes to it changes the key's own attributes."""
        key = removal.key
        if key is None or removal.chain:
            return False
        if self._is_changed(key, removal.function):
            return True
        is_given = key[:2] == ("param", removal.function)
        frames = self.heap.points_to.calling.given_for(key) if is_given else []
        return bool(frames) and all(self._is_changed(term, call.caller) for call, term in frames)

    def _is_changed(self, term: Term, function: str) -> bool:
        """Tell whether a function sets attributes of an object to something."""
        events = self.heap.points_to.functions[function].events
        return any(one.kind == "setattr" and one.terms[0] == term and one.terms[1] != NONE for one in events)

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
            home = effect.chain[-1].caller if effect.chain else effect.function
            if self._is_handed_in(effect.value, effect.key, home) or (raw and self.reaches(raw[2], raw[1])):
                return "the value refers to its own key, so neither can go", False
            if self._is_method(effect.key):
                return "a bound method's weak reference is dead at once; use weakref.WeakMethod", True
        if kind == "weak:WeakSet" and effect.value is not None and self._is_method(effect.value):
            return "a bound method's weak reference is dead at once; use weakref.WeakMethod", True
        return "", False

    def _is_handed_in(self, value: Term, key: Term, function: str) -> bool:
        """Tell whether a value refers to its key as a function has them, or as callers hand both in."""
        points_to = self.heap.points_to
        pairs = [(value, key, function, 0)]
        for value, key, function, callers in pairs:  # which grows on the way
            if self.reaches(value, key):
                return True
            if callers == _CALLERS or not (params_of(value, function) and params_of(key, function)):
                continue
            for call in self.heap.effects.calls.get(function, [])[: _MOST - len(pairs)]:
                one, other = (points_to.calling.substituted(term, function, call.bound) for term in (value, key))
                if is_small(one):
                    pairs.append((one, other, call.caller, callers + 1))
        return False

    def _is_method(self, term: Term) -> bool:
        values = self.heap.points_to.evaluate(term)
        return bool(values) and all(value[0] == "method" for value in values)

    def reaches(self, value: Term, key: Term, depth: int = 0) -> bool:
        """Tell whether an object that a term denotes refers to the object that ``key`` denotes."""
        if value == key:
            return True
        points_to, kind = self.heap.points_to, value[0]
        if kind == "attr":
            got = points_to.evaluate(value)
            if any(one[0] == "method" for one in got):
                return self.reaches(value[1], key, depth)
            return any(self._field_reaches(value, one, key, depth) for one in got) if depth < _FIELDS else False
        if kind in DISPLAYS or kind == "comp":
            return depth < _CALLS and any(self.reaches(part, key, depth + 1) for part in self._parts(value))
        if kind in {"union", "text"}:
            return kind == "union" and any(self.reaches(part, key, depth) for part in value[1])
        if kind == "func":
            return depth < _FIELDS and any(
                term == key or self.reaches(term, key, depth + 1) for term in self.heap.keeping.captures(value[1])
            )
        if kind == "call":
            return depth < _CALLS and self._call_reaches(value, key, depth)
        if kind == "cell":
            return depth < _FIELDS and any(self.reaches(term, key, depth + 1) for term in points_to.cell(value))
        return depth < _FIELDS and any(self._field_reaches(value, one, key, depth) for one in points_to.evaluate(value))

    def _parts(self, value: Term) -> Iterator[Term]:
        """Yield what a display or a comprehension is made of, and what is put into it later."""
        yield from value[2] if value[0] == "comp" else value[1]
        contents = self.heap.points_to.contents
        for one in self.heap.points_to.evaluate(value) if value[0] != "tuple" else ():
            if one[0] == "container" and one in contents:
                yield from (part for _, part in contents.parts(one))

    def _call_reaches(self, value: Term, key: Term, depth: int) -> bool:
        """Tell whether what a call returns refers to an object: a partial, a new object, what a function makes of it."""
        points_to = self.heap.points_to
        given = call_arguments(value)
        for callee in points_to.evaluate(value[1]):
            if callee[0] == "ext" and points_to.contracts.returned(callee[1]) == "partial":
                if any(self.reaches(part, key, depth) for part in given):
                    return True
            elif callee[0] == "ext" and points_to.contracts.returned(callee[1]) == "attribute":
                if given and any(one[0] == "method" for one in points_to.evaluate(value)):
                    return self.reaches(given[0], key, depth)
            elif callee[0] == "class" and self._made_reaches(callee[1], value, key, depth):
                return True
            elif callee[0] in {"func", "method"}:
                receiver = points_to.calling.receiver_term(value, callee) if callee[0] == "method" else None
                bound = points_to.calling.bind(callee[-1], value, receiver)
                if self._result_reaches(points_to.functions[callee[-1]], bound, key, depth):
                    return True
        return False

    def _result_reaches(self, function: Function, bound: dict[str, Term], key: Term, depth: int) -> bool:
        """Tell whether what a function returns refers to an object: of a generator that goes on, what it was called with."""
        if function.yields:
            frame = [given for name, given in bound.items() if name not in function.assigned]
            return bool(endless(function)) and any(self.reaches(given, key, depth + 1) for given in frame)
        returned = [event.terms[0] for event in function.events if event.kind == "return"]
        return any(self._inside_reaches(term, function.key, bound, key, depth) for term in returned)

    def _made_reaches(self, cls: str, value: Term, key: Term, depth: int) -> bool:
        """Tell whether an object refers to what its constructor is given: a field is set to it, or to what refers to it."""
        points_to = self.heap.points_to
        init = points_to.classes.method(cls, "__init__")
        if init is None:
            given = call_arguments(value)
            fields = bool(points_to.classes.class_of(cls).annotations)
            return fields and any(self.reaches(part, key, depth + 1) for part in given)
        bound = points_to.calling.bind(init, value, value)
        own = {("param", init, param.name) for param in points_to.functions[init].params[:1]}
        return any(
            event.kind == "setattr" and event.terms[0] in own
            and self._inside_reaches(event.terms[1], init, bound, key, depth)
            for event in points_to.functions[init].events
        )  # fmt: skip

    def _inside_reaches(self, term: Term, function: str, bound: dict[str, Term], key: Term, depth: int) -> bool:
        """Tell whether a term of a function that is called refers to an object, which the call hands in or does not."""
        names = {name for name, given in bound.items() if given == key}
        if any(self.reaches(term, ("param", function, name), depth + 1) for name in sorted(names)):
            return True
        if term[:2] == ("param", function) and term[2] in bound and term[2] not in names:
            return self.reaches(bound[term[2]], key, depth + 1)
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
                key[:2] == ("param", function)
                and event.terms[1][0] in DISPLAYS | {"union"}
                and key in event.terms[1][1]
            ):
                return True
        del depth
        return False
