"""Assignments to attributes, by name and by the class whose method makes them: no question has to look at all of them."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from leaklint.flow.model import Event, Function
from leaklint.flow.terms import Term
from leaklint.heap.grouping import lists_by_key
from leaklint.heap.namespaces import is_constructor

if TYPE_CHECKING:
    from leaklint.heap.classes import Kin
    from leaklint.heap.points_to import PointsTo

Assignment = tuple[str, Event]


class FieldTerms(NamedTuple):
    """The assignments to a field of the objects of a class; ``may_grow``: a later round may add to them."""

    assignments: list[Assignment]
    may_grow: bool


class _Named:
    """The assignments to attributes of one name, in the order of the program.

    ``own`` are those to the receiver of a method, as numbers in ``all`` by the class of the method; ``rest`` the others.
    """

    def __init__(self, assignments: list[Assignment], functions: dict[str, Function], static: set[str]) -> None:
        self.all = assignments
        self.own: dict[str, list[int]] = {}
        self.rest: list[int] = []
        self.owners: set[str] = set()
        self.on_params: dict[Term, list[Term]] = {}
        for number, (key, event) in enumerate(assignments):
            base = event.terms[0]
            if base[0] == "param":
                self.owners.add(functions[key].owner)
                if base[1] == key:
                    self.on_params.setdefault(base, []).append(event.terms[1])
            owner = _receiving(base, functions, static)
            (self.own.setdefault(owner, []) if owner else self.rest).append(number)
        self.open: list[tuple[Term, Term]] | None = None
        self.heirs: dict[str, list[Kin]] = {}


class Assigned:
    """All assignments to attributes of a program."""

    def __init__(self, heap: PointsTo) -> None:
        self._heap = heap
        self._events: dict[str, list[Assignment]] = lists_by_key(
            (event.name, (key, event))
            for key, function in heap.functions.items()
            for event in function.events if event.kind == "setattr"
        )  # fmt: skip
        self._names: dict[str, _Named] = {}
        self._static = 0  # as many static functions were known

    @cached_property
    def reassigned(self) -> frozenset[str]:
        """Return the names of attributes that are assigned or deleted outside of constructors."""
        return frozenset(
            event.name
            for function in self._heap.functions.values() if not is_constructor(function.name)
            for event in function.events if event.kind in {"setattr", "delattr"}
        )  # fmt: skip

    def _named(self, name: str) -> _Named:
        static = self._heap.static
        if len(static) != self._static:
            self._static = len(static)
            self._names.clear()
        if name not in self._names:
            self._names[name] = _Named(self._events.get(name, []), self._heap.functions, static)
        return self._names[name]

    def all(self, name: str) -> list[Assignment]:
        """Return every assignment to an attribute of this name."""
        return self._events.get(name, [])

    def around(self, kin: Kin, name: str) -> list[Assignment]:
        """Return the assignments to what may be an object of some classes, of one above them or of an heir."""
        named = self._named(name)
        if not named.own:
            return named.all
        owners = named.own.keys() & kin.related
        numbers = sorted([*named.rest, *(number for owner in owners for number in named.own[owner])])
        return [named.all[number] for number in numbers]

    def heirs(self, key: str, name: str) -> list[Kin]:
        """Return the heirs of a class that may have something of their own under a name, by where that is defined."""
        named, classes = self._named(name), self._heap.classes
        known = named.heirs.get(key)
        if known is None:
            found = classes.heirs_with(key, name) | self._heirs_with(key, name)
            known = classes.by_definition(found, name)
            if classes.are_read:
                named.heirs[key] = known
        return known

    def _heirs_with(self, key: str, name: str) -> set[str]:
        """Return the heirs of a class to whose objects, or to which themselves, something may be assigned under a name."""
        named, classes = self._named(name), self._heap.classes
        below = classes.below(key)
        if named.rest or any(classes.is_metaclass(owner) for owner in named.own):
            return below - {key}
        return {heir for owner in named.own for heir in {*classes.below(owner), *classes.order(owner)} & below} - {key}

    def to_functions(self, term: Term) -> list[Term]:
        """Return what the program assigns to the attribute that a term reads of functions, such as ``f.__name__ = word``."""
        evaluate = self._heap.evaluate
        functions = {value for value in evaluate(term[1]) if value[0] == "func"}
        events = self.open(term[2]) if functions else ()
        return [given for base, given in events if not functions.isdisjoint(evaluate(base))]

    def on_param(self, base: Term, name: str) -> list[Term]:
        """Return what is assigned to an attribute of a parameter in its own function."""
        return self._named(name).on_params.get(base, []) if base[0] == "param" else []

    def owners(self, name: str) -> set[str]:
        """Return the classes of the functions that assign to an attribute of a parameter of theirs."""
        return self._named(name).owners

    def open(self, name: str) -> list[tuple[Term, Term]]:
        """Return (base, value) of the assignments to what may be a class, a function or a container."""
        named = self._named(name)
        if named.open is None:
            metaclasses = [owner for owner in named.own if self._heap.classes.is_metaclass(owner)]
            numbers = sorted([*named.rest, *(number for owner in metaclasses for number in named.own[owner])])
            named.open = [(named.all[number][1].terms[0], named.all[number][1].terms[1]) for number in numbers]
        return named.open


def _receiving(base: Term, functions: dict[str, Function], static: set[str]) -> str:
    """Return the class whose objects a term denotes since it is the receiver of a method; nothing for any other term."""
    function = functions.get(base[1]) if base[0] == "param" else None
    if function is None or function.kind != "method" or not function.params or function.key in static:
        return ""
    if function.name in {"__new__", "__init_subclass__", "__class_getitem__"}:
        return ""
    first = function.params[0]
    return function.owner if first.name == base[2] and first.kind == "pos" else ""
