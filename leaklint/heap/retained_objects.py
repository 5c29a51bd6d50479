"""What a stored term keeps alive: objects, bound methods, closures, exceptions, or nothing but plain values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from leaklint.flow.terms import Term, walk
from leaklint.heap.arguments import call_arguments
from leaklint.heap.buckets import filled_for_others
from leaklint.heap.callers import Callers
from leaklint.heap.effects import Call, Effects
from leaklint.heap.kinds import KINDS, OBJECTS
from leaklint.heap.lifetime import Lifetime
from leaklint.heap.points_to import PointsTo
from leaklint.heap.points_to_values import MADE
from leaklint.heap.single_results import memoised_methods
from leaklint.heap.usage import Usage

if TYPE_CHECKING:
    from leaklint.heap.multiplicity import Multiplicity

_RANKS = {kind: rank for rank, kind in enumerate(KINDS)}
_CALLS = 5  # how many callers up a parameter is followed
_DEPTH = 8  # how deep parts of parts are followed
_MOST = 64  # kept objects that are told apart by who hands them in, and values of one container
_TELLING = frozenset({"self", "inst", "method", "param", "partial", "container", "extinst", "exc"})  # may be what leaks


class Retained(NamedTuple):
    """One object that a store may keep. ``cls`` is its class's key, ``name`` how to call it, ``chain`` who handed it in."""

    kind: str
    cls: str = ""
    name: str = ""
    chain: tuple[Call, ...] = ()
    function: str = ""  # whose parameter it is, for a parameter

    @property
    def rank(self) -> int:
        """Return how telling this is: 0 is the most."""
        return _RANKS[self.kind]

    def through(self, chain: tuple[Call, ...]) -> Retained:
        """Return this as seen by whoever is above some calls; where a plain value comes from does not matter."""
        return self if self.kind == "plain" else self._replace(chain=(*chain, *self.chain))


class Keeping:
    """Classifies what is stored."""

    def __init__(self, heap: PointsTo, effects: Effects, lifetime: Lifetime) -> None:
        self.heap = heap
        self.effects = effects
        self.lifetime = lifetime
        self.usage = Usage(heap)
        self.multiplicity: Multiplicity | None = None  # once it is known
        self._captures: dict[str, frozenset[Term]] = {}
        self._inside: dict[Term, list[Retained]] = {}
        self._held: dict[Term, list[tuple[Term, Term]]] = {}
        self._callers: Callers[tuple[Retained, ...]] = Callers()
        self._site: Term = ()  # of the call whose result is looked into: it alone gives its callee's parameters

    def of(self, term: Term, chain: tuple[Call, ...] = ()) -> list[Retained]:
        """Return all that a term may keep, the most telling first."""
        with self._callers.after(chain):
            return [retained.through(chain) for retained in self._of(term, 0)]

    def _of(self, term: Term, depth: int) -> tuple[Retained, ...]:
        """Return what a term may keep; chains begin where it stands."""
        with self._at(term[4] if term[0] == "call" else self._site):
            return self._callers.ask((term, depth, self._site), lambda: self._worked_out(term, depth))

    @contextmanager
    def _at(self, site: Term) -> Iterator[None]:
        """Look into the result of one call, so that no other call of the same function is taken for the one that returned."""
        before, self._site = self._site, site
        try:
            yield
        finally:
            self._site = before

    def _worked_out(self, term: Term, depth: int) -> tuple[Retained, ...]:
        values = self.heap.evaluate(term)
        results = self._made_by_given(term) if values == MADE else ()
        ordered = self.heap.ordered(frozenset(results) or values)
        objects = [retained for value in ordered for retained in self._value(value, depth)]
        for part in self._joined(term) if depth < _DEPTH else ():
            objects += self._of(part, depth + 1)
        if depth < _DEPTH and any(value[0] == "memo" for value in values):
            inside = (retained for part in memoised_methods(self.heap, term) for retained in self._of(part, depth + 1))
            objects += [retained._replace(kind="closure") for retained in inside if retained.kind == "method"]
        return _apart(objects)

    def _joined(self, term: Term) -> Iterator[Term]:
        """Yield the sequences that a new one is put together from: ``args + (x,)``, ``(*args, x)``, ``tuple(args)``."""
        if term[:2] == ("op", "+"):
            yield from term[2]
        elif term[0] in {"tuple", "list", "set"}:
            yield from (part[1] for part in term[1] if part[0] == "star")
        elif term[0] == "call" and len(term[2]) == 1 and not term[3] and self._is_of_arguments(term[2][0]):
            if any(value[0] == "container" for value in self.heap.evaluate(term)):
                yield term[2][0]

    def _is_of_arguments(self, term: Term) -> bool:
        """Tell whether a term is ``*args`` of a function, or is put together from it."""
        return any(value[0] == "container" and value[2][:1] == ("*",) for value in self.heap.evaluate(term)) or any(
            map(self._is_of_arguments, self._joined(term))
        )

    def _made_by_given(self, term: Term) -> set[Term]:
        """Return what a call makes of a function or class that a caller hands in, or that an object keeps in a field."""
        if term[0] != "call" or term[1][0] not in {"attr", "param"}:
            return set()
        callees = self.heap.attributes.with_given(term[1])
        return {
            result for callee in callees if callee[0] != "param" for result in self.heap.calling.called(callee, term)
        }

    def _value(self, value: Term, depth: int) -> Iterator[Retained]:
        kind = value[0]
        if kind in {"self", "inst"}:
            yield from self.object(value)
        elif kind == "method":
            if value[1][0] in {"self", "inst"}:
                if not self._is_long(value[1]):
                    owner = value[1][1]
                    yield Retained("method", owner, self.heap.functions[value[2]].name)
            else:
                yield Retained("plain")
        elif kind == "func":
            yield from self._function(value[1], depth)
        elif kind == "container":
            yield from self._callers.ask((value, depth), lambda: _apart(self._container(value, depth)))
        elif kind == "exc":
            lasting = len(value) > 1 and self._is_at_root(value)
            yield Retained("plain", name="long") if lasting else Retained("exception")
        elif kind == "param":
            yield from self._param(value, depth)
        elif kind == "extinst":
            if self._is_at_root(value) or self.heap.lives_on(value):
                yield Retained("plain", name="long")
            else:
                last = value[1].rpartition(".")[2]
                is_class = last[:1].isupper() and not last.isupper()
                yield Retained("instance" if is_class else "made", name=last)
        elif kind == "partial" and depth < _DEPTH:
            yield from self._partial(value, depth)
        elif kind == "class":
            klass = self.heap.names.classes[value[1]]
            yield (Retained("class", value[1], klass.name) if klass.parent else Retained("plain", name="type"))
        elif kind == "anyclass":
            yield Retained("class", "", "class") if value[1] == "?" else Retained("plain", name="type")
        elif kind == "generator":
            yield from self._suspended(value, depth)
        elif kind == "weak":
            yield Retained("weak")
        elif kind in {"part", "made"}:
            yield Retained(kind)
        else:
            yield Retained("plain", name=str(value[1]) if kind == "plain" else "")

    def _partial(self, value: Term, depth: int) -> Iterator[Retained]:
        inside = [retained for part in (value[1], *call_arguments(value)) for retained in self._of(part, depth + 1)]
        objects = [retained for retained in inside if retained.kind not in {"plain", "weak"}]
        for retained in objects or [Retained("plain")]:
            yield retained._replace(kind="closure") if retained.kind in {"self", "method"} else retained

    def inside(self, term: Term) -> list[Retained]:
        """Return what the constructor calls in a term, or in what a closure refers to, are given and their objects keep."""
        if term not in self._inside:
            self._inside[term] = self._given_inside(term)
        return self._inside[term]

    def is_equal_to_others(self, retained: Retained, term: Term) -> bool:
        """Tell whether objects of the class of what is kept compare by value, so that equal ones share an entry.

        Records that are compared field by field equal others only if what is in them does.
        """
        classes = self.heap.classes
        if retained.cls not in self.heap.names.classes or not classes.by_value(retained.cls):
            return False
        arguments = (argument for call in retained.chain for argument in call.bound.values())
        terms = (term, *arguments) if classes.method(retained.cls, "__eq__") is None else ()
        parts = [part.cls for top in terms for part in self.inside(top)]
        return all(part not in self.heap.names.classes or classes.by_value(part) for part in parts)

    def _given_inside(self, term: Term) -> list[Retained]:
        arguments = (
            argument
            for top in (term, *self._fields_read(term), *self._assigned_to_captured(term))
            for call in walk(top) if call[0] == "call"
            for callee in self.heap.in_order(call[1]) if callee[0] == "class"
            for argument in self.given_for_good(callee[1], call)
        )  # fmt: skip
        return [retained for argument in arguments for retained in self.of(argument) if self._is_object(retained)]

    def _fields_read(self, term: Term) -> Iterator[Term]:
        """Yield what is assigned to the fields that a term reads, also to those of the object whose method it denotes."""
        while term[0] == "attr":
            for value in self.heap.in_order(term[1]):
                if value[0] in {"self", "inst"} and value[1] in self.heap.names.classes:
                    for _, event in self.heap.attributes.field_terms(value[1], term[2]):
                        yield event.terms[1]
            term = term[1]

    def _assigned_to_captured(self, term: Term) -> Iterator[Term]:
        """Yield what is assigned to the variables of enclosing functions that the functions in a term refer to."""
        for part in walk(term):
            if part[0] == "func" and part[1] in self.heap.functions:
                for variable in self.heap.ordered(self.captures(part[1])):
                    yield from self.heap.cell(variable) if variable[0] == "cell" else ()

    def _is_object(self, retained: Retained) -> bool:
        if retained.kind == "param":
            return self.usage.of(retained.function, retained.name) == "object"
        return retained.kind in OBJECTS

    def given_for_good(self, key: str, term: Term) -> list[Term]:
        """Return the arguments of a constructor that the object keeps."""
        init = self.heap.classes.method(key, "__init__")
        if init is None:
            return list(call_arguments(term))
        bound = self.heap.calling.bind(init, term, term)
        names = {
            event.terms[1][2]
            for event in self.heap.functions[init].events
            if event.kind == "setattr" and event.terms[1][:2] == ("param", init)
        }
        return [given for name, given in bound.items() if name in names]

    def _is_long(self, value: Term) -> bool:
        """Tell whether an object is one that lives as long as the process anyway."""
        if value[0] != "inst" or not self._is_at_root(value):
            return False
        return self.multiplicity is None or not self.multiplicity.is_made_often(value)

    def _is_at_root(self, value: Term) -> bool:
        """Tell whether a variable or attribute that lives as long as the process holds a value itself."""
        place = self.lifetime.long.get(value)
        return place is not None and place.depth == 0

    def object(self, value: Term) -> Iterator[Retained]:
        """Yield what is retained by whoever keeps an object: the object, or something plain where it lives long anyway."""
        key = value[1]
        if self._is_long(value):
            yield Retained("plain", name="long")
            return
        if key == "?" or key not in self.heap.names.classes:
            yield Retained("instance", "", "")
            return
        classes = self.heap.classes
        names = classes.last_names(key)
        if classes.is_enum(key) or classes.is_protocol(key) or names & {"str", "int", "float", "bytes", "TypedDict"}:
            yield Retained("plain", name="text")
        elif names & {"Exception", "BaseException", "ValueError", "RuntimeError", "TypeError", "OSError"} or any(
            name.endswith("Error") for name in names
        ):
            yield Retained("exception", key, classes.class_of(key).name)
        else:
            yield Retained("self" if value[0] == "self" else "instance", key, classes.class_of(key).name)

    def captures(self, key: str) -> frozenset[Term]:
        """Return the variables of enclosing functions that a function refers to, those of functions inside it included."""
        if key in self._captures:
            return self._captures[key]
        self._captures[key] = frozenset()
        captured: set[Term] = set()
        function = self.heap.functions[key]
        tops = [top for event in function.events for top in event.terms]
        tops += [guard.test for event in function.events for guard in event.guards]
        defaults = [param.default for param in function.params if param.default is not None]
        tops += [default for default in defaults if default[0] not in {"attr", "elem"}]
        captured |= {default for default in defaults if default[0] in {"attr", "elem"}}  # it keeps that part alone
        for top in tops:
            for term in walk(top):
                if term[0] in {"param", "cell"} and term[1] != key:
                    captured.add(term)
                elif term[0] == "func" and term[1] != key and term[1] in self.heap.functions:
                    captured |= {variable for variable in self.captures(term[1]) if variable[1] != key}
        self._captures[key] = frozenset(captured)
        return self._captures[key]

    def _function(self, key: str, depth: int) -> Iterator[Retained]:
        function = self.heap.functions[key]
        if not function.parent:
            yield Retained("plain", name="function")
            return
        if depth < 6:
            for term in self.heap.ordered(self.captures(key)):
                for retained in self._of(term, depth + 1):
                    if retained.kind in OBJECTS:
                        yield Retained("closure", retained.cls, retained.name, retained.chain)
                    elif retained.kind in {"param", "exception"} and self.usage.of(term[1], term[2]) != "plain":
                        yield Retained("closure", "", retained.name)
        yield Retained("function", "", function.name)

    def _suspended(self, generator: Term, depth: int) -> Iterator[Retained]:
        """A generator keeps what it was given, in its frame, until it has ended."""
        for _, term in generator[2] if depth < _DEPTH else ():
            for retained in self._of(term, depth + 1):
                if retained.kind in OBJECTS:
                    yield Retained("closure", retained.cls, retained.name, retained.chain)
        yield Retained("made")

    def _container(self, value: Term, depth: int) -> Iterator[Retained]:
        if value[1].startswith("weak"):
            yield Retained("weak", name="container")
            return
        if self._is_at_root(value):
            yield Retained("plain", name="long")
            return
        if value[2] and value[2][0] == "*" and value[2][1] in self.heap.functions:
            yield from self._arguments(value[2][1], depth)
            return
        if depth >= 6:
            yield Retained("part")
            return
        held: list[Retained] = []
        for site, part in self._entries(value):
            with self._at(site or self._site):
                held += self._value(part, depth + 1)
        yield from held
        small = bool(held) and all(retained.kind in {"part", "made", "plain", "container"} for retained in held)
        if not small or value in self._filled_for_others:
            yield Retained("container", "", value[1])

    @cached_property
    def _filled_for_others(self) -> frozenset[Term]:
        return filled_for_others(self.effects)

    def _entries(self, container: Term) -> list[tuple[Term, Term]]:
        """Return the values that a container may hold, each once, with the site of the call that returned it."""
        if container not in self._held:
            parts = self.heap.contents.parts(container)
            terms = dict.fromkeys(entry for key, part in parts for entry in (part, key) if entry is not None)
            entries = dict.fromkeys(
                (term[4] if term[0] == "call" else (), value)
                for term in terms
                if term[0] != "const"
                for value in self.heap.in_order(term)
            )
            telling = sorted(entries, key=lambda entry: entry[1][0] not in _TELLING)
            self._held[container] = list(entries) if len(entries) <= _MOST else telling[:_MOST]
        return self._held[container]

    def _arguments(self, key: str, depth: int) -> Iterator[Retained]:
        """``*args`` of a function: of a wrapper, what the functions it wraps are given."""
        wrapped = [self.heap.functions[inner] for inner in self.heap.wrapped.get(key, ())]
        function = self.heap.functions[key]
        before = sum(param.kind == "pos" for param in function.params) - bool(function.owner and wrapped)
        for inner in wrapped:
            for param in inner.params[before:]:
                yield from self._of(("param", inner.key, param.name), depth + 1)
        vararg = next((param.name for param in function.params if param.kind == "*"), "")
        if not wrapped and depth < _CALLS:
            for call in self.effects.calls.get(key, ()):
                if vararg in call.bound:
                    yield from self._handed_in(call, call.bound[vararg], depth)
        yield Retained("container", "", "tuple")

    def _param(self, value: Term, depth: int) -> Iterator[Retained]:
        calls = self._callers.open(self.effects.calls.get(value[1], ()))
        calls = [call for call in calls if call.term[-1] == self._site] or calls
        arguments = [(call, self.heap.calling.handed_in(call.bound, value)) for call in calls if value[2] in call.bound]
        shown = False
        if depth < _CALLS:
            for call, term in arguments[:40]:
                for retained in self._handed_in(call, term, depth):
                    # of what a caller has not resolved, the function itself says more: it uses it as an object
                    open_ = retained.kind == "part" or (
                        retained.kind == "param" and not self.usage.of(retained.function, retained.name)
                    )
                    if not open_ or self.usage.of(value[1], value[2]) != "object":
                        shown = True
                        yield retained
        if not shown:
            yield Retained("param", "", value[2], (), value[1])

    def _handed_in(self, call: Call, term: Term, depth: int) -> list[Retained]:
        """Return what a caller hands in with a term."""
        with self._at(()):
            objects = self._callers.through(call, lambda: self._of(term, depth + 1))
        return [retained.through((call,)) for retained in objects]


def _apart(objects: Iterable[Retained]) -> tuple[Retained, ...]:
    """Return kept objects, the most telling first; where there are very many, not each for every way it is handed in."""
    distinct = {(retained[:3], retained.function, *map(id, retained.chain)): retained for retained in objects}
    if len(distinct) > _MOST:
        first: dict[object, Retained] = {}
        for retained in distinct.values():
            first.setdefault((retained[:3], retained.function, bool(retained.chain)), retained)
        return tuple(sorted(first.values(), key=lambda retained: retained.rank)[:_MOST])
    return tuple(sorted(distinct.values(), key=lambda retained: retained.rank))
