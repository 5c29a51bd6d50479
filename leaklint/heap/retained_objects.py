"""What a stored term keeps alive: objects, bound methods, closures, exceptions, or nothing but plain values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from leaklint.flow.terms import Term, walk
from leaklint.heap.buckets import filled_for_others
from leaklint.heap.callers import Callers
from leaklint.heap.effects import Call, Effects
from leaklint.heap.lifetime import Lifetime
from leaklint.heap.points_to import PointsTo
from leaklint.heap.points_to_values import MADE
from leaklint.heap.usage import Usage

if TYPE_CHECKING:
    from leaklint.heap.multiplicity import Multiplicity

# What is kept, the most telling first.
KINDS = tuple(
    "self method closure exception traceback instance class function param container made part weak plain".split()
)
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
            found = self._of(term, 0)
        if not chain:
            return list(found)
        return [one if one.kind == "plain" else one._replace(chain=(*chain, *one.chain)) for one in found]

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
        made = self._made_by_given(term) if values == MADE else ()
        found = [one for value in self.heap.ordered(frozenset(made) or values) for one in self._value(value, depth)]
        for part in self._joined(term) if depth < _DEPTH else ():
            found += self._of(part, depth + 1)
        return _apart(found)

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
        given = self.heap.attributes.with_given(term[1])
        return {made for one in given if one[0] != "param" for made in self.heap.calling.called(one, term)}

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
            where = self.lifetime.long.get(value) if len(value) > 1 else None
            yield Retained("exception") if where is None or where.depth else Retained("plain", name="long")
        elif kind == "param":
            yield from self._param(value, depth)
        elif kind == "extinst":
            where = self.lifetime.long.get(value)
            if (where is not None and where.depth == 0) or self.heap.lives_on(value):
                yield Retained("plain", name="long")
            else:
                last = value[1].rpartition(".")[2]
                external = last[:1].isupper() and not last.isupper()
                yield Retained("instance" if external else "made", name=last)
        elif kind == "partial" and depth < _DEPTH:
            inner = [
                one for part in (value[1], *value[2], *(w for _, w in value[3])) for one in self._of(part, depth + 1)
            ]
            held = [one for one in inner if one.kind not in {"plain", "weak"}]
            for one in held:
                yield one._replace(kind="closure") if one.kind in {"self", "method"} else one
            if not held:
                yield Retained("plain")
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
        handed = (given for call in retained.chain for given in call.bound.values())
        terms = (term, *handed) if classes.method(retained.cls, "__eq__") is None else ()
        inside = [one for part in terms for one in self.inside(part)]
        return all(one.cls not in self.heap.names.classes or classes.by_value(one.cls) for one in inside)

    def _given_inside(self, term: Term) -> list[Retained]:
        found: list[Retained] = []
        terms, field = [term], term
        while field[0] == "attr":  # also of the object whose method a term denotes
            terms += [
                event.terms[1]
                for value in self.heap.in_order(field[1])
                if value[0] in {"self", "inst"} and value[1] in self.heap.names.classes
                for _, event in self.heap.attributes.field_terms(value[1], field[2])
            ]
            field = field[1]
        terms += [
            assigned
            for one in walk(term) if one[0] == "func" and one[1] in self.heap.functions
            for cell in self.heap.ordered(self.captures(one[1])) if cell[0] == "cell"
            for assigned in self.heap.cell(cell)
        ]  # fmt: skip
        for top in terms:
            for one in walk(top):
                if one[0] == "call":
                    for value in self.heap.in_order(one[1]):
                        if value[0] == "class":
                            for given in self.given_for_good(value[1], one):
                                found += [retained for retained in self.of(given) if self._is_object(retained)]
        return found

    def _is_object(self, retained: Retained) -> bool:
        if retained.kind == "param":
            return self.usage.of(retained.function, retained.name) == "object"
        return retained.kind in {"self", "method", "closure", "instance"}

    def given_for_good(self, key: str, term: Term) -> list[Term]:
        """Return the arguments of a constructor that the object keeps."""
        init = self.heap.classes.method(key, "__init__")
        if init is None:
            return [*term[2], *(value for _, value in term[3])]
        bound = self.heap.calling.bind(init, term, term)
        names = {
            event.terms[1][2]
            for event in self.heap.functions[init].events
            if event.kind == "setattr" and event.terms[1][:2] == ("param", init)
        }
        return [given for name, given in bound.items() if name in names]

    def _is_long(self, value: Term) -> bool:
        """Tell whether an object is one that lives as long as the process anyway."""
        where = self.lifetime.long.get(value)
        if where is None or value[0] != "inst" or where.depth:
            return False
        return self.multiplicity is None or not self.multiplicity.is_made_often(value)

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
        found: set[Term] = set()
        function = self.heap.functions[key]
        tops = [top for event in function.events for top in event.terms]
        tops += [guard.test for event in function.events for guard in event.guards]
        defaults = [param.default for param in function.params if param.default is not None]
        tops += [default for default in defaults if default[0] not in {"attr", "elem"}]
        found |= {
            default for default in defaults if default[0] in {"attr", "elem"}
        }  # of which it keeps that part alone
        for top in tops:
            for term in walk(top):
                if term[0] in {"param", "cell"} and term[1] != key:
                    found.add(term)
                elif term[0] == "func" and term[1] != key and term[1] in self.heap.functions:
                    found |= {one for one in self.captures(term[1]) if one[1] != key}
        self._captures[key] = frozenset(found)
        return self._captures[key]

    def _function(self, key: str, depth: int) -> Iterator[Retained]:
        function = self.heap.functions[key]
        if not function.parent:
            yield Retained("plain", name="function")
            return
        if depth < 6:
            for term in self.heap.ordered(self.captures(key)):
                for one in self._of(term, depth + 1):
                    if one.kind in {"self", "method", "closure", "instance"}:
                        yield Retained("closure", one.cls, one.name, one.chain)
                    elif one.kind in {"param", "exception"} and self.usage.of(term[1], term[2]) != "plain":
                        yield Retained("closure", "", one.name)
        yield Retained("function", "", function.name)

    def _suspended(self, generator: Term, depth: int) -> Iterator[Retained]:
        """A generator keeps what it was given, in its frame, until it has ended."""
        for _, term in generator[2] if depth < _DEPTH else ():
            for one in self._of(term, depth + 1):
                if one.kind in {"self", "method", "closure", "instance"}:
                    yield Retained("closure", one.cls, one.name, one.chain)
        yield Retained("made")

    def _container(self, value: Term, depth: int) -> Iterator[Retained]:
        if value[1].startswith("weak"):
            yield Retained("weak", name="container")
            return
        if value in self.lifetime.long and self.lifetime.long[value].depth == 0:
            yield Retained("plain", name="long")
            return
        if value[2] and value[2][0] == "*" and value[2][1] in self.heap.functions:
            yield from self._arguments(value[2][1], depth)
            return
        if depth >= 6:
            yield Retained("part")
            return
        held: list[Retained] = []
        for site, one in self._entries(value):
            with self._at(site or self._site):
                held += self._value(one, depth + 1)
        yield from held
        small = bool(held) and all(one.kind in {"part", "made", "plain", "container"} for one in held)
        if not small or value in self._filled_for_others:
            yield Retained("container", "", value[1])

    @cached_property
    def _filled_for_others(self) -> frozenset[Term]:
        return filled_for_others(self.effects)

    def _entries(self, container: Term) -> list[tuple[Term, Term]]:
        """Return the values that a container may hold, each once, with the site of the call that returned it."""
        if container not in self._held:
            parts = self.heap.contents.parts(container)
            terms = dict.fromkeys(one for key, part in parts for one in (part, key) if one is not None)
            found = dict.fromkeys(
                (term[4] if term[0] == "call" else (), value)
                for term in terms
                if term[0] != "const"
                for value in self.heap.in_order(term)
            )
            telling = sorted(found, key=lambda one: one[1][0] not in _TELLING)
            self._held[container] = list(found) if len(found) <= _MOST else telling[:_MOST]
        return self._held[container]

    def _arguments(self, key: str, depth: int) -> Iterator[Retained]:
        """``*args`` of a function: of a wrapper, what the functions it wraps are given."""
        owners = [self.heap.functions[one] for one in self.heap.wrapped.get(key, ())]
        function = self.heap.functions[key]
        before = sum(param.kind == "pos" for param in function.params) - bool(function.owner and owners)
        for one in owners:
            for param in one.params[before:]:
                yield from self._of(("param", one.key, param.name), depth + 1)
        vararg = next((param.name for param in function.params if param.kind == "*"), "")
        if not owners and depth < _CALLS:
            for call in self.effects.calls.get(key, ()):
                if vararg in call.bound:
                    yield from self._handed_in(call, call.bound[vararg], depth)
        yield Retained("container", "", "tuple")

    def _param(self, value: Term, depth: int) -> Iterator[Retained]:
        calls = self._callers.open(self.effects.calls.get(value[1], ()))
        calls = [call for call in calls if call.term[-1] == self._site] or calls
        given = [(call, self.heap.calling.handed_in(call.bound, value)) for call in calls if value[2] in call.bound]
        shown = False
        if depth < _CALLS:
            for call, term in given[:40]:
                for one in self._handed_in(call, term, depth):
                    # of what a caller has not resolved, the function itself says more: it uses it as an object
                    open_ = one.kind == "part" or (one.kind == "param" and not self.usage.of(one.function, one.name))
                    if not open_ or self.usage.of(value[1], value[2]) != "object":
                        shown = True
                        yield one
        if not shown:
            yield Retained("param", "", value[2], (), value[1])

    def _handed_in(self, call: Call, term: Term, depth: int) -> list[Retained]:
        """Return what a caller hands in with a term."""
        with self._at(()):
            found = self._callers.through(call, lambda: self._of(term, depth + 1))
        return [one if one.kind == "plain" else one._replace(chain=(call, *one.chain)) for one in found]


def _apart(found: Iterable[Retained]) -> tuple[Retained, ...]:
    """Return kept objects, the most telling first; where there are very many, not each for every way it is handed in."""
    every = {(one[:3], one.function, *map(id, one.chain)): one for one in found}
    if len(every) > _MOST:
        first: dict[object, Retained] = {}
        for one in every.values():
            first.setdefault((one[:3], one.function, bool(one.chain)), one)
        return tuple(sorted(first.values(), key=lambda one: one.rank)[:_MOST])
    return tuple(sorted(every.values(), key=lambda one: one.rank))
