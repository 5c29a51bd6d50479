"""Variables that are assigned anew: a longer copy is a store, a shorter or an empty one a removal."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING

from leaklint.contracts.containers import LONGER
from leaklint.flow.model import Event, Guard
from leaklint.flow.terms import DISPLAYS, NONE, Term, children, walk, written
from leaklint.heap.births import is_only_at_birth
from leaklint.heap.effects import Effect
from leaklint.heap.multiplicity import Multiplicity
from leaklint.heap.namespaces import is_constructor
from leaklint.heap.process_end import function_is_private

if TYPE_CHECKING:
    from leaklint.heap.retention import Heap

_OF_OBJECTS = frozenset({"field", "object"})  # scopes of attributes: of an object that lives long, or that users make


class Rebinding:
    """Finds growth and release by assignment."""

    def __init__(self, heap: Heap) -> None:
        """Take what is asked for everything else."""
        self.heap = heap

    def rebinds(self) -> Iterator[Effect]:
        """Assignments to a variable or field that is judged: a longer copy is a store, a shorter or an empty one a removal."""
        by_location: dict[tuple[str, str, str], list[Term]] = defaultdict(list)
        for value, location in (*self.heap.lifetime.long.items(), *self.heap.lifetime.left.items()):
            if value[0] == "container" and location.depth == 0:
                by_location[location.key].append(value)
        for key, function in self.heap.points_to.functions.items():
            if function.kind in {"module", "class"}:
                continue
            for event in function.events:
                if event.kind == "setitem":
                    yield from self._rebound_element(key, event)
                elif event.kind in {"setname", "setattr", "extend"}:
                    yield from self._rebound(key, event, by_location)

    def _rebound_element(self, key: str, event: Event) -> Iterator[Effect]:
        """``TABLE[k] = TABLE[k] + (x,)``: an element that is built anew."""
        target: Term = ("elem", event.terms[0], event.terms[1])
        value = self._written_out(event.terms[2])
        if value[0] not in {"op", "tuple", "list", "set", "dict", "comp", "slice", "call"} or _reads(value, target):
            return
        containers = [
            v for v in self.heap.points_to.in_order(target) if v[0] == "container" and self.heap.location(v) is not None
        ]
        grown = list(self.added(value, target, containers)) if containers else []
        for part in grown:
            yield Effect("store", "rebuilt", containers[0], target, None, part, key, event)
        # a display under any key is an entry's first value, unless the key or the function shows that there is an older one
        display = value[0] in {"tuple", "list", "set", "dict"}
        older = event.terms[1][0] == "const" or self._is_taken(key, target)
        replaces = not display or (older and not self._unset_guard(event, target))
        if containers and not grown and replaces and (self._mentions(value, containers) or self.is_empty(value)):
            yield Effect(
                "remove", "clear" if self.is_empty(value) else "filter", containers[0], target, None, value, key, event
            )

    def _is_taken(self, key: str, target: Term) -> bool:
        """Tell whether a function works with an element that it replaces: ``due, wheel[hand] = wheel[hand], []``."""
        return any(target in terms for terms in self.heap.points_to.functions[key].assigned.values())

    def _rebound(self, key: str, event: Event, by_location: dict[tuple[str, str, str], list[Term]]) -> Iterator[Effect]:
        if event.kind == "extend":
            target, value = event.terms
            if target[0] not in {"name", "attr", "elem"}:
                return
            values = [
                v
                for v in self.heap.points_to.in_order(target)
                if v[0] == "container" and v[1] in {"tuple", "frozenset"}
            ]
            if values and event.name in {"+", "|"} and not self._gets_its_own(target, values[0], event):
                yield Effect("store", "+=", values[0], target, None, ("iter", value), key, event)
            return
        target = event.terms[0] if event.kind == "setname" else ("attr", event.terms[0], event.name)
        for location in self.locations(target, event):
            containers = by_location.get(location, [])
            if not containers:
                continue
            value = self._written_out(event.terms[-1])
            grown = list(self.added(value, target, containers))
            if grown:
                for part in grown:
                    yield Effect("store", "rebuilt", containers[0], target, None, part, key, event)
            elif pairs := list(self.added_under_keys(value, target, containers)):
                for item, part in pairs:
                    yield Effect("store", "[]=", containers[0], target, item, part, key, event)
            elif not self._unset_guard(event, target) and not self.is_birth(key, location):
                filled = self._is_filled(value) if location[0] in _OF_OBJECTS else self._is_filled_here(value, key)
                first = location[0] in _OF_OBJECTS and is_only_at_birth(self.heap.effects, key)
                how = "clear" if self.is_empty(value) and (first or not filled) else "rebuild"
                if (
                    (how == "rebuild" and value[0] == "fresh")
                    or value[0] in {"comp", "slice"}
                    or how == "clear"
                    or self._mentions(value, containers)
                ):
                    for container in containers[:1]:
                        yield Effect(
                            "remove", how if how == "clear" else "filter", container, target, None, value, key, event
                        )
                elif self.heap.points_to.evaluate(value):
                    yield Effect("remove", "rebuild", containers[0], target, None, value, key, event)

    def _written_out(self, value: Term) -> Term:
        """Return the comprehension that a sequence is made of, ``tuple(x for x in ..)``; else the value itself."""
        if value[0] != "call" or [part[0] for part in value[2]] != ["comp"] or value[3]:
            return value
        made = self.heap.points_to.evaluate(value)
        return value[2][0] if made and all(one[0] == "container" for one in made) else value

    def _gets_its_own(self, target: Term, container: Term, event: Event) -> bool:
        """``self.parts += (x,)`` over a tuple of the class, or a default: the object gets its own, theirs stays as it is."""
        location = self.heap.location(container)
        if target[0] != "attr" or location is None:
            return False
        if location.scope == "default":  # unless an object that lives long has it as well
            others = {where.key for where in self.heap.lifetime.others.get(container, ())}
            return others.isdisjoint(self.locations(target, event))
        objects = self.heap.points_to.evaluate(target[1])
        return location.scope == "class" and all(value[0] in {"self", "inst"} for value in objects)

    def is_birth(self, key: str, location: tuple[str, str, str]) -> bool:
        """Tell whether an assignment is one of those that make the attributes of a new object, or of a new class."""
        function = self.heap.points_to.functions[key]
        helps = function_is_private(function) and is_only_at_birth(self.heap.effects, key)
        return location[0] in {*_OF_OBJECTS, "metaclass"} and (helps or is_constructor(function.name))

    def locations(self, target: Term, event: Event) -> list[tuple[str, str, str]]:
        """Return the variables and fields that an assignment binds anew."""
        if target[0] == "name":
            variable = self.heap.points_to.names.name(target[1], target[2])
            return [("module", variable[1], variable[2])] if variable[0] == "global" else []
        keys: list[tuple[str, str, str]] = []
        for value in self.heap.points_to.in_order(target[1]):
            if value[0] == "class":
                attribute = self.heap.points_to.classes.attribute(value[1], target[2])
                keys.append(("class", attribute[0] if attribute else value[1], target[2]))
            elif value[0] in {"self", "inst"} and value[1] in self.heap.points_to.names.classes:
                attribute = self.heap.points_to.classes.attribute(value[1], target[2])
                if attribute is not None and self.heap.multiplicity.is_single(value[1]):
                    keys.append(("class", attribute[0], target[2]))  # the one object has what its class has
                keys += [
                    (scope, cls, target[2])
                    for cls in (
                        *self.heap.points_to.classes.order(value[1]),
                        *self.heap.points_to.classes.below(value[1]),
                    )
                    for scope in ("field", "object")
                ]
            elif value[0] == "module":
                keys.append(("module", value[1], target[2]))
            elif value[0] in {"anyclass", "metaclass"}:
                keys.append(("metaclass", value[1], target[2]))
            elif value[0] == "func":
                keys.append(("function", value[1], target[2]))
            elif (
                value in self.heap.lifetime.long
            ):  # an attribute of a thread-local, a namespace, or an object from outside
                where = self.heap.lifetime.long[value]
                keys.append((where.scope, where.owner, f"{where.name}.{target[2]}"))
        return list(dict.fromkeys(keys))

    def _makes_longer(self, call: Term) -> bool:
        """Tell whether a method of a container returns a longer copy of it."""
        external = self.heap.points_to.external
        return any(call[1][2] in external.longer_copies(value) for value in self.heap.points_to.evaluate(call[1][1]))

    def added(self, value: Term, target: Term, containers: list[Term]) -> Iterator[Term]:
        """Yield what a longer copy of the old container has more; ``tuple(sorted(old + (x,)))`` is one as well."""
        value = self._copied(value)
        if value[0] == "op" and value[1] == "+":
            parts = list(value[2])
            old = [part for part in parts if self._is_all_but(part, target, containers, parts)]
            if old:
                yield from (("iter", part) for part in parts if part not in old)
            elif parts[0][0] == "op":
                yield from (("iter", parts[1]) for _ in self.added(parts[0], target, containers))
        elif value[0] == "call" and value[1][0] == "attr" and self._makes_longer(value):
            if self.is_old(value[1][1], target, containers):
                yield from value[2][:1] or [("dict", (), value[4])]
        elif value[0] == "call" and value[1][0] == "attr" and value[1][2] in LONGER:
            if self.is_old(value[1][1], target, containers):
                yield from (("iter", part) for part in value[2])
        elif value[0] in {"list", "tuple", "set"}:
            stars = [part for part in value[1] if part[0] == "star"]
            if any(self._is_all_but(part[1], target, containers, [value]) for part in stars):
                yield from (part for part in value[1] if part[0] != "star")
        elif value[0] == "op" and value[1] == "|" and any(self.is_old(part, target, containers) for part in value[2]):
            yield from (
                ("iter", part) for part in value[2] if part[0] != "dict" and not self.is_old(part, target, containers)
            )

    def _copied(self, value: Term) -> Term:
        """Return what a value is a copy of, put in order or not; of anything else the value itself."""
        while value[0] == "call" and len(value[2]) == 1 and value[1][0] in {"name", "dotted"}:
            if not any(
                callee[0] == "ext" and self._copies(callee[1]) for callee in self.heap.points_to.evaluate(value[1])
            ):
                break
            value = value[2][0]
        return value

    def _copies(self, name: str) -> bool:
        """Tell whether a function returns its argument, a view or a copy, or a class makes a container of what that holds."""
        contracts = self.heap.points_to.contracts
        klass = contracts.klass(name)
        copies = contracts.returned(name) == "argument 0" or contracts.returned(name).startswith("copy ")
        return copies or (klass is not None and bool(klass.container))

    def added_under_keys(self, value: Term, target: Term, containers: list[Term]) -> Iterator[tuple[Term, Term]]:
        """Yield the keys and values that a longer copy of a dictionary has more: ``{**TABLE, key: value}``."""
        value = self._copied(value)
        shown = [value] if value[0] == "dict" else []
        if value[0] == "op" and value[1] == "|" and any(self.is_old(part, target, containers) for part in value[2]):
            shown = [part for part in value[2] if part[0] == "dict"]
        for display in shown:
            pairs = list(zip(display[1][::2], display[1][1::2], strict=True))
            if display is not value or any(
                key[0] == "star" and self.is_old(part[1], target, containers) for key, part in pairs
            ):
                yield from ((key, part) for key, part in pairs if key[0] != "star")

    def is_old(self, term: Term, target: Term, containers: list[Term]) -> bool:
        """Tell whether a term is the container that the target of an assignment had before."""
        if target[0] == "read":  # what a context variable is asked for
            evaluate, asked = self.heap.points_to.evaluate, term[1] if term[0] == "call" else term
            return asked[0] == "attr" and asked[2] == "get" and not evaluate(asked[1]).isdisjoint(evaluate(target[1]))
        return (
            written(term) == written(target)
            or _reads(term, target)
            or (
                term[0] in {"name", "attr", "param"}
                and any(value in containers for value in self.heap.points_to.evaluate(term))
            )
        )

    def _is_all_but(self, term: Term, target: Term, containers: list[Term], put: list[Term]) -> bool:
        """Tell whether a term is the old container, or all of it but what is put in: ``[x for x in old if x is not new]``."""
        if term[0] != "comp":
            return self.is_old(term, target, containers)
        element: Term = ("iter", term[3][0])
        new = {part for display in put if display[0] in DISPLAYS for part in display[1]}
        plain = (
            term[2] == (element,) and len(term[3]) == 1 and self.is_old(self._copied(term[3][0]), target, containers)
        )
        return plain and all(
            test[0] == "op" and test[1] in {"is not", "!="} and element in test[2] and not new.isdisjoint(test[2])
            for test in term[4]
        )

    def is_empty(self, value: Term) -> bool:
        """Tell whether a term is an empty container, or nothing."""
        return (
            value == NONE
            or (value[0] in {"list", "dict", "tuple", "set"} and not value[1])
            or (
                value[0] == "call"
                and not (value[2] or value[3])
                and any(v[0] == "container" for v in self.heap.points_to.evaluate(value))
            )
        )

    def _mentions(self, value: Term, containers: list[Term]) -> bool:
        """Tell whether a value is made from what a container held before; that it is put there itself says nothing."""
        inside = (term for child in children(value) for term in walk(child))
        return any(value in containers for term in inside for value in self.heap.points_to.evaluate(term))

    def _is_filled(self, display: Term) -> bool:
        """Tell whether anything fills a container: whoever resets an object goes on with it."""
        kinds = {"dict", "list", "set"}
        parts = self.heap.points_to.contents.parts
        return display[0] in kinds and bool(parts(("container", display[0], display[2])))

    def _is_filled_here(self, display: Term, key: str) -> bool:
        """Tell whether the function that makes a container fills it itself, or hands it to what may."""
        if display[0] not in {"dict", "list", "set"}:
            return False
        for event in self.heap.points_to.functions[key].events:
            term = event.terms[0]
            if event.kind in {"setitem", "extend"} and term == display:
                return True
            if event.kind == "call" and display in (term[1][1:2] + term[2] if term[1][0] == "attr" else term[2]):
                return True
        return False

    @staticmethod
    def _unset_guard(event: Event, target: Term) -> bool:
        """Tell whether an assignment only makes what is not there yet."""
        return any(target in Multiplicity.unset(guard) or _is_absent(guard, target) for guard in event.guards)


def _is_absent(guard: Guard, target: Term) -> bool:
    """Tell whether a block runs where there is no element yet: below ``if key not in TABLE``."""
    test = guard.test
    if guard.kind not in {"if", "past"} or test[0] != "op" or test[1] not in {"in", "not in"}:
        return False
    key, around = test[2]
    return (test[1] == "not in") == guard.holds and written(("elem", around, key)) == written(target)


def _reads(term: Term, target: Term) -> bool:
    """Tell whether a call reads the element that is assigned: ``TABLE.get(key, [])``."""
    if target[0] != "elem" or term[0] != "call" or term[1][0] != "attr" or term[1][2] != "get" or not term[2]:
        return False
    return written(("elem", term[1][1], term[2][0])) == written(target)
