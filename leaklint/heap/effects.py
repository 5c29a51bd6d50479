"""Effects of every function: calls of the program's functions, stores into containers, and removals from them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import cached_property
from typing import NamedTuple

from leaklint.contracts.containers import ADDERS, BULK, MAPPINGS, ONLY, QUEUES, REMOVERS
from leaklint.flow.model import Event, Function
from leaklint.flow.terms import NONE, UNKNOWN, Term, is_small, root_of_reads, walk
from leaklint.heap.arguments import call_arguments, note_contract
from leaklint.heap.external_calls import ExternalCall
from leaklint.heap.generators import note_sent
from leaklint.heap.grouping import lists_by_key
from leaklint.heap.implicit import note_handed, note_metaclass, note_operator, note_outside
from leaklint.heap.in_place import IMMUTABLE, makes_anew, note_in_place
from leaklint.heap.namespaces import is_constructor, note_attribute
from leaklint.heap.notes import Notes
from leaklint.heap.points_to import PointsTo
from leaklint.heap.points_to_values import Values

_NO_ADDERS = frozenset({("exitstack", "close"), ("contextvar", "set")})  # add to containers of other kinds
_MOST_OF_AN_EVENT = 500  # effects by chains of calls: those of an interpreter of another language have no end


class Call(NamedTuple):
    """A call of a function of the program: from where, and the terms that it binds the parameters to."""

    caller: str
    event: Event
    term: Term
    callee: str
    bound: dict[str, Term]

    def __hash__(self) -> int:
        """Hash by where the call stands and what it calls."""
        return hash((self.caller, self.callee, self.event.place))


class Effect(NamedTuple):
    """Something put into a container or taken out. ``kind`` is ``store`` or ``remove``; ``how`` the method or statement.

    ``container`` is the abstract container, ``base`` its term; ``key`` and ``value`` are terms or None.
    """

    kind: str
    how: str
    container: Term
    base: Term
    key: Term | None
    value: Term | None
    function: str
    event: Event
    chain: tuple[Call, ...] = ()


def distinct_effects(effects: list[Effect]) -> list[Effect]:
    """Return effects that differ in more than by whom they are reached."""
    distinct: dict[tuple[object, ...], Effect] = {}
    for effect in effects:
        key = effect.container, effect.key, effect.value, effect.how, effect.function, effect.event.place
        distinct.setdefault(key, effect)
    return list(distinct.values())


class Effects:
    """All effects of a program, by fixpoint over what containers hold."""

    def __init__(self, heap: PointsTo) -> None:
        self.heap = heap
        self.notes = Notes(self)
        self.calls: dict[str, list[Call]] = {}
        self.effects: list[Effect] = []
        self.memo_calls: dict[Term, list[tuple[str, Event, Term]]] = {}  # calls of memoised functions
        self._elements: dict[str, list[tuple[Event, Term]]] = {}  # the elements by key that a function reads
        self._pending: list[Effect] = []  # on what a function is given: whatever its callers give
        self.external: list[ExternalCall] = []
        self.notes.note_supers()
        noted: tuple[int, ...] = ()
        for turn in range(3):
            self.notes.note_wrappers()
            self.notes.note_installed()
            before, noted_before = heap.contents.changes, noted
            noted = self.notes.extent()
            heap.forget(settled=noted != noted_before)
            self._read()
            self.notes.note_static()
            self._lift()
            heap.calls = self.calls
            heap.attributes.forget()
            if turn and heap.contents.changes == before:  # who hands what in is known after one turn
                break

    def open(
        self, key: str, event: Event, kind: str, how: str, base: Term, item: Term | None, stored: Term | None
    ) -> None:
        """Note an effect on a parameter, or on something inside of one."""
        start = root_of_reads(base)
        if start[0] != "param":
            return
        if base[0] == "attr" and base[1] == start:  # a field that holds what a constructor is given
            given = (value for value in self.heap.in_order(base) if value[0] == "param" and value[1] != key)
            for value in given:
                if is_constructor(self.heap.functions[value[1]].name):
                    self._pending.append(Effect(kind, how, value, value, item, stored, key, event))
        for value in self.heap.in_order(base):
            if value[0] == "param" or (
                value in {("part",), ("made",)} and start != base and ("param", *start[1:]) in self.heap.evaluate(start)
            ):
                self._pending.append(Effect(kind, how, start, base, item, stored, key, event))
                return

    def _lift(self) -> None:
        """Follow effects on parameters to the callers that say which container is meant, as many of an event as may be."""
        pending, count = self._pending, Counter[tuple[str, tuple[int, ...]]]()
        for _ in range(5):
            following: list[Effect] = []
            for effect in pending:
                event = effect.function, effect.event.place
                for call in self.calls.get(effect.container[1], ()):
                    if count[event] < _MOST_OF_AN_EVENT and call not in effect.chain:
                        before = len(self.effects)
                        self._lifted(effect, call, following)
                        count[event] += 1 + len(self.effects) - before
            pending = following

    def _lifted(self, effect: Effect, call: Call, following: list[Effect]) -> None:
        def change(term: Term | None) -> Term | None:
            return self.heap.calling.substituted(term, call.callee, call.bound) if term is not None else None

        base, key, value = change(effect.base), change(effect.key), change(effect.value)
        if base is None or not is_small(base):
            return
        is_of_field = call.callee != effect.function and is_constructor(self.heap.functions[call.callee].name)
        chain = effect.chain if is_of_field else (*effect.chain, call)
        start = root_of_reads(base)
        if (
            start[0] == "param"
            and start != effect.container
            and any(denoted in {start, ("part",), ("made",)} for denoted in self.heap.evaluate(base))
        ):
            following.append(effect._replace(container=start, base=base, key=key, value=value, chain=chain))
        for container in self.heap.in_order(base):
            before = len(self.effects)
            if container[0] == "container" and effect.kind == "call" and key is not None:
                self.container_method(effect.function, effect.event, key, ("cmethod", container, effect.how))
            elif container[0] == "container" and not makes_anew(effect.how, container):
                self.effect(effect.function, effect.event, effect.kind, effect.how, container, base, key, value)
            self.effects[before:] = [added._replace(chain=chain) for added in self.effects[before:]]

    @cached_property
    def calls_from(self) -> dict[str, list[Call]]:
        """Return the calls of functions of the program by who makes them; to be asked once all is read."""
        return lists_by_key((call.caller, call) for calls in self.calls.values() for call in calls)

    def _read(self) -> None:
        self.calls, self.effects, self.external, self._pending, self.memo_calls = {}, [], [], [], {}
        for key, function in self.heap.functions.items():
            for event in function.events:
                if event.kind == "call":
                    self._call(key, event)
                elif event.kind == "setitem":
                    self._item(key, event)
                elif event.kind in {"extend", "operate"}:
                    note_operator(self, key, event)
                    if event.kind == "extend":
                        note_in_place(self, key, event)
                elif event.kind in {"delitem", "clear", "delslice", "setslice", "setpart"}:
                    self._deletion(key, event)
                elif event.kind == "enter":
                    self.methods(key, event, event.terms[0], ("__enter__", "__exit__"), ())
            self._defaults(key, function)

    def _call(self, key: str, event: Event) -> None:
        term = event.terms[0]
        for argument in call_arguments(term):
            if argument[0] == "attr" and argument[2] in REMOVERS - {"get", "close", "reset"}:
                for value in self.heap.in_order(argument):
                    if value[0] == "cmethod":
                        self.effect(key, event, "remove", "callback", value[1], argument[1], None, None)
                self.open(key, event, "remove", "callback", argument[1], None, None)
        if (
            term[1][0] == "attr"
            and self.heap.contracts.by_name(term[1][2]) is not None
            and self.heap.evaluate(term[1]) <= {("part",)}
        ):
            self.called(key, event, term, ("ext", f"?.{term[1][2]}"), 0)
        for callee in self.heap.ordered(self.heap.attributes.with_given(term[1])):
            if callee[0] != "cmethod" or term[1][0] != "param":
                self.called(key, event, term, callee, 0)
        note_handed(self, key, event, term)
        if term[1][0] == "attr" and term[1][2] in {"send", "asend"} and len(term[2]) == 1:
            note_sent(self.heap, term[1][1], term[2][0])
        if term[1][0] == "attr" and (term[1][2] in ADDERS or term[1][2] in REMOVERS):
            self.open(key, event, "call", term[1][2], term[1][1], term, None)

    def called(self, key: str, event: Event, term: Term, callee: Term, depth: int) -> None:
        """Note what a call does, by a value of what is called."""
        kind = callee[0]
        if kind == "func":
            self.edge(key, event, term, callee[1], self.heap.calling.bind(callee[1], term, None))
        elif kind == "method":
            receiver = self.heap.calling.receiver_term(term, callee)
            for method in (callee[2], *self.heap.calling.overrides(callee, term[1])):
                self.edge(key, event, term, method, self.heap.calling.bind(method, term, receiver))
        elif kind in {"class", "metaclass"}:
            self.constructed(key, event, term, callee[1])
            note_metaclass(self, callee[1])
        elif kind == "memo":
            self.memo_calls.setdefault(callee, []).append((key, event, term))
            if callee[1]:
                self.edge(key, event, term, callee[1], self.heap.calling.bind(callee[1], term, None))
        elif kind == "cmethod":
            self.container_method(key, event, term, callee)
        elif kind == "ext":
            self.external.append(ExternalCall(key, event, term, callee[1]))
            note_attribute(self, key, event, term, callee[1])
            note_outside(self, key, event, term, callee[1])
            note_contract(self, key, event, term, callee[1])
        elif kind == "partial" and depth < 4:
            inner = ("call", callee[1], (*callee[2], *term[2]), (*callee[3], *term[3]), term[4])
            for inner_callee in self.heap.in_order(callee[1]):
                self.called(key, event, inner, inner_callee, depth + 1)
        elif kind in {"inst", "self"} and callee[1] in self.heap.names.classes:
            self.methods(key, event, term[1], ("__call__",), term[2])

    def edge(self, caller: str, event: Event, term: Term, callee: str, bound: dict[str, Term]) -> None:
        """Note that a function is called with parameters bound to terms of its caller."""
        self.calls.setdefault(callee, []).append(Call(caller, event, term, callee, bound))

    def constructed(self, caller: str, event: Event, term: Term, key: str) -> None:
        """Note the functions that are called when an object of a class is made."""
        classes = self.heap.classes
        instance: Term = ("made", key, term)
        for name in ("__new__", "__init__", "__post_init__"):
            method = classes.method(key, name)
            if method is not None:
                receiver = ("class", key) if name == "__new__" else term
                call = term if name != "__post_init__" else ("call", term[1], (), (), term[4])
                self.edge(caller, event, instance, method, self.heap.calling.bind(method, call, receiver))
        meta = classes.metaclass(key)
        method = classes.method(meta, "__call__") if meta is not None else None
        if method is not None:
            self.edge(caller, event, term, method, self.heap.calling.bind(method, term, ("class", key)))

    def methods(self, key: str, event: Event, base: Term, names: tuple[str, ...], arguments: tuple[Term, ...]) -> None:
        """Note calls of the methods of some names that objects have."""
        for value in self.heap.in_order(base):
            if value[0] in {"inst", "self"} and value[1] in self.heap.names.classes:
                for name in names:
                    method = self.heap.classes.method(value[1], name)
                    if method is not None:
                        site = (self.heap.names.module_of(key).name, *event.place)
                        term = ("call", ("attr", base, name), arguments, (), site)
                        self.edge(key, event, term, method, self.heap.calling.bind(method, term, base))

    def container_method(self, key: str, event: Event, term: Term, callee: Term) -> None:
        """Note what a method of a container puts in or takes out."""
        container, name = callee[1], callee[2]
        kind, arguments = container[1], term[2]
        base = term[1][1] if term[1][0] == "attr" else term[1]
        is_others = name in ONLY and name not in QUEUES.get(kind, ())
        if kind in IMMUTABLE or (is_others and not (kind in {"queue", "exitstack"} and name in ADDERS)):
            return  # has no method of that name that changes it
        if name in ADDERS and (kind, name) not in _NO_ADDERS:
            self._put_in(key, event, term, name, container, base)
        elif name in REMOVERS:
            self.effect(key, event, "remove", name, container, base, arguments[0] if arguments else None, None)
        elif kind == "contextvar" and name == "set" and arguments and self.heap.functions[key].kind == "module":
            self.heap.contents.hold(container, None, arguments[0])  # all contexts are copies of this one

    def _put_in(self, key: str, event: Event, term: Term, name: str, container: Term, base: Term) -> None:
        """Note what a call of an adding method puts in: key and value by their places among the arguments."""
        arguments, kind = term[2], container[1]
        if name in BULK and arguments and self.each(key, event, name, container, base, arguments[0]):
            return
        key_place, place = ADDERS[name]
        value = arguments[place] if place < len(arguments) else None
        if name in BULK and value is not None:
            value = ("iter", value)
        if kind == "exitstack" and len(call_arguments(term)) > 1:  # a callback with its arguments
            value = ("tuple", call_arguments(term), term[4])
        if name == "update" and value is None:
            value = next((argument for _, argument in term[3]), None)
        if name == "setdefault" and value is None:
            value = NONE
        if value is not None:
            item = arguments[key_place] if 0 <= key_place < len(arguments) else None
            if name in BULK and kind in {"dict", "defaultdict"}:
                item, value = value, ("elem", value[1], UNKNOWN) if value[0] == "iter" else value
            self.effect(key, event, "store", name, container, base, item, value)

    def each(self, key: str, event: Event, how: str, container: Term, base: Term, display: Term) -> bool:
        """Store each part of a display that is put in as a whole."""
        if display[0] == "dict":
            for item, value in zip(display[1][::2], display[1][1::2], strict=True):
                self.effect(key, event, "store", "[]=", container, base, item, value)
            return bool(display[1])
        if display[0] in {"list", "tuple", "set"} and not any(part[0] == "star" for part in display[1]):
            for value in display[1]:
                pair = value[1] if value[0] == "tuple" and len(value[1]) == 2 and container[1] in MAPPINGS else None
                if pair is not None:
                    self.effect(key, event, "store", "[]=", container, base, *pair)
                else:
                    self.effect(key, event, "store", how, container, base, None, value)
            return True
        return False

    def _item(self, key: str, event: Event) -> None:
        base, item, value = event.terms
        self.methods(key, event, base, ("__setitem__",), (item, value))
        self.store(key, event, "[]=", base, item, value, unless="__setitem__")
        self.open(key, event, "store", "[]=", base, item, value)

    def containers(self, base: Term, unless: str = "") -> Iterator[Term]:
        """Yield the containers that a term may denote: objects of such classes as well, ``unless`` these have that method."""
        return self.containers_of(self.heap.evaluate(base), unless)

    def containers_of(self, values: Values, unless: str = "") -> Iterator[Term]:
        """Yield those of some values that are containers, or objects of such classes."""
        for value in self.heap.ordered(values):
            if value[0] == "container":
                yield value
            elif value[0] == "super" or (value[0] in {"inst", "self"} and value[1] in self.heap.names.classes):
                own = value[0] != "super" and unless and self.heap.classes.method(value[1], unless) is not None
                container = None if own else self.container_of(("inst", value[1]))
                yield from () if container is None else (container,)

    def container_of(self, value: Term) -> Term | None:
        """Return the container that an object of a class with such a base is."""
        methods = [
            method for method in self.heap.attributes.of_base_outside(value[1], "append") if method[0] == "cmethod"
        ]
        return methods[0][1] if methods else None

    def _deletion(self, key: str, event: Event) -> None:
        how = {"delitem": "del", "clear": "clear", "delslice": "trim", "setslice": "rebuild", "setpart": "trim"}[
            event.kind
        ]
        base = event.terms[0]
        if event.kind == "setpart":
            for container in self.containers(base, unless="__setitem__"):
                if not self.each(key, event, "insert", container, base, event.terms[1]):
                    self.effect(key, event, "store", "insert", container, base, None, ("iter", event.terms[1]))
            self.open(key, event, "store", "insert", base, None, ("iter", event.terms[1]))
            return
        item = event.terms[1] if event.kind == "delitem" else None
        self.open(key, event, "remove", how, base, item, None)
        if item is not None:
            self.methods(key, event, base, ("__delitem__",), (item,))
        for container in self.containers(base, unless="__setitem__" if event.kind == "setslice" else "__delitem__"):
            value = event.terms[1] if event.kind == "setslice" else None
            self.effect(key, event, "remove", how, container, base, item, value)

    def store(
        self, key: str, event: Event, how: str, base: Term, item: Term | None, value: Term, unless: str = ""
    ) -> None:  # fmt: skip
        """Note that something is put into whatever container a term denotes."""
        for container in self.containers(base, unless):
            self.effect(key, event, "store", how, container, base, item, value)

    def remove(self, key: str, event: Event, how: str, base: Term, item: Term | None) -> None:
        """Note that something is taken out of whatever container a term denotes."""
        for container in self.containers(base):
            self.effect(key, event, "remove", how, container, base, item, None)

    def effect(
        self, key: str, event: Event, kind: str, how: str, container: Term, base: Term, item: Term | None, value: Term | None
    ) -> None:  # fmt: skip
        """Note what is done to a container; ``None`` under a key empties the slot as well."""
        if value == NONE and item is not None and how in {"[]=", "__setitem__"}:
            self.effects.append(Effect("remove", "slot", container, base, item, None, key, event))
        self.effects.append(Effect(kind, how, container, base, item, value, key, event))
        if kind == "store" and value is not None:
            self.heap.contents.hold(container, item, value)

    def _defaults(self, key: str, function: Function) -> None:
        """Reading an element of a ``defaultdict`` makes it, and of an object it calls ``__getitem__`` or ``__missing__``."""
        if key not in self._elements:
            tops = ((event, top) for event in function.events for top in event.terms)
            self._elements[key] = [(event, term) for event, top in tops for term in walk(top) if term[0] == "elem"]
        for event, term in self._elements[key]:
            values = self.heap.evaluate(term[1])
            if any(value[0] in {"inst", "self"} for value in values):
                self.methods(key, event, term[1], ("__getitem__", "__missing__"), (term[2],))
            for container in self.heap.ordered(values):
                if container[0] == "container" and container[1] in {"defaultdict", "counter"}:
                    self.effect(key, event, "store", "read", container, term[1], term[2], self.factory(container))

    def factory(self, container: Term) -> Term:
        """Return the term of what a ``defaultdict`` makes for a missing key."""
        maker = self.heap.external.factories.get(container)
        if maker is None:
            return ("const", "0", "int")
        return ("call", maker, (), (), (*container[2], "made")) if isinstance(container[2], tuple) else UNKNOWN
