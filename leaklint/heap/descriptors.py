"""Attributes that a descriptor takes and gives: what its ``__set__`` makes of a value, and its ``__get__`` returns."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from leaklint.flow.model import Event, Function
from leaklint.flow.terms import DISPLAYS, Term, walk
from leaklint.heap.grouping import lists_by_key
from leaklint.heap.points_to_values import NOTHING, PART, Values

if TYPE_CHECKING:
    from leaklint.heap.points_to import PointsTo

_DEEP = 3  # calls from ``__set__`` on that may store the value for it
_MAKING = DISPLAYS | {"comp", "call"}


class Descriptors:
    """Answers what an attribute holds after an assignment, and what reading it gives."""

    def __init__(self, heap: PointsTo) -> None:
        """Take what is asked for everything else."""
        self.heap = heap

    def owners(self, function: Function) -> Values:
        """Return the objects that a method of a descriptor is given: of the classes that have such a one as attribute."""
        kinds = self.heap.classes.below(function.owner)
        owners = sorted({owner for kind in kinds for owner in self._declaring.get(kind, ())})
        return frozenset(("self", owner) for owner in owners) or frozenset(
            [("inst", "?", ("descriptor", function.key))]
        )

    @cached_property
    def _declaring(self) -> dict[str, list[str]]:
        """Return the classes in whose bodies an object of a class is made, by that class."""
        return lists_by_key(
            (value[1], key)
            for key, klass in self.heap.names.classes.items()
            for term, _ in klass.attributes.values() if term[0] == "call"
            for value in self._named(term[1]) if value[0] == "class"
        )  # fmt: skip

    def _named(self, term: Term) -> tuple[Term, ...]:
        """Return what a name, or the attribute of a module, is bound to; no question is asked of the heap for it."""
        names, target = self.heap.names, term
        if term[0] == "name":
            target = names.name(term[1], term[2])
        elif term[0] == "attr" and term[1][0] == "name":
            module = names.name(term[1][1], term[1][2])
            if module[0] == "module" and module[1] in names.modules:
                target = names.in_module(module[1], term[2]) or term
        return names.assigned_to(target) or (target,)

    def is_set_by_one(self, key: str, name: str) -> bool:
        """Tell whether assignments to an attribute of the objects of a class go through a ``__set__`` of the program."""
        return bool(self._setters(key, name))

    def held(self, key: str, function: str, event: Event) -> Values:
        """Return what an attribute of an object of a class holds after an assignment to it in a function."""
        setters = self._setters(key, event.name)
        if not setters:
            return self.heap.evaluate(event.terms[1])
        got: Values = NOTHING
        site = (self.heap.names.module_of(function).name, *event.place)
        for setter, declared in setters:
            params = [param.name for param in self.heap.functions[setter].params]
            if len(params) < 3:
                return PART
            instance: Term = ("param", setter, params[1])
            bound = {params[0]: declared, params[1]: instance, params[2]: event.terms[1]}
            stored = [_made_at(term, site, event) for term in self._stored(setter, bound, instance, 0)]
            got |= self.heap.all_of(stored) if stored else PART
        return got

    def given(self, term: Term, assigned: Values) -> Values:
        """Return what an object gives for an attribute that its class declares by a term: what a getter returns for it."""
        got: Values = NOTHING
        for value in self.heap.evaluate(term):
            getter = self.heap.classes.method(value[1], "__get__") if value[0] == "inst" else None
            returned = self.heap.calling.returned(getter) if getter is not None else assigned or {value}
            told = all(option[0] not in {"part", "made", "param"} for option in returned)
            got |= returned if told else returned | assigned
        return got

    def read(self, decorated: Term, owner: Term, base: Term) -> Values:
        """Return what an object, or its class, gives for what a decorator made of a method: what a getter returns for it."""
        if decorated[0] == "func":
            return frozenset([("method", owner, decorated[1])])
        getter = (
            self.heap.classes.method(decorated[1], "__get__")
            if decorated[0] == "inst" and owner[0] != "class"
            else None
        )
        params = self.heap.functions[getter].params if getter is not None else ()
        if getter is None or len(params) < 2:
            return frozenset([decorated])
        bound = {params[0].name: ("any", decorated), params[1].name: base}
        told = (one for one in self.heap.calling.returned(getter, bound) if one[0] not in {"part", "made", "param"})
        return frozenset(told) or frozenset([decorated])

    def _setters(self, key: str, name: str) -> list[tuple[str, Term]]:
        """Return the ``__set__`` of what a class has for an attribute, with the term of the descriptor."""
        attribute = self.heap.classes.attribute(key, name)
        if attribute is None or attribute[1][0] != "call":
            return []
        values = self.heap.evaluate(attribute[1])
        setters = (self.heap.classes.method(value[1], "__set__") for value in values if value[0] == "inst")
        return [(setter, attribute[1]) for setter in setters if setter is not None]

    def _stored(self, key: str, bound: dict[str, Term], instance: Term, depth: int) -> Iterator[Term]:
        """Yield what a function stores in an object, or in a container for it, its parameters being bound."""

        def change(term: Term) -> Term:
            return self.heap.calling.substituted(term, key, bound)

        for event in self.heap.functions[key].events:
            if event.kind not in {"setitem", "setattr", "call"}:
                continue
            *where, value = (change(term) for term in event.terms)
            if event.kind == "call":
                yield from self._stored_by(value, instance, depth)
            elif any(instance in walk(term) for term in where):
                yield value

    def _stored_by(self, call: Term, instance: Term, depth: int) -> Iterator[Term]:
        """Yield what a call stores in an object: ``setattr``, or a function of the program that is handed it."""
        if instance not in call[2]:
            return
        if call[1][-1] in {"setattr", "__setattr__"} and len(call[2]) > 2:
            yield call[2][-1]
            return
        for callee in self.heap.evaluate(call[1]) if depth < _DEEP else ():
            if callee[0] in {"func", "method"}:
                receiver = self.heap.calling.receiver_term(call, callee) if callee[0] == "method" else None
                bound = self.heap.calling.bind(callee[-1], call, receiver)
                yield from self._stored(callee[-1], bound, instance, depth + 1)


def _made_at(stored: Term, site: Term, event: Event) -> Term:
    """Return what a setter stores as something that each assignment makes anew, if the setter makes it."""
    if stored[0] not in _MAKING or stored in walk(event.terms[1]):
        return stored
    return (*stored[:-1], site)


__all__ = ["Descriptors"]
