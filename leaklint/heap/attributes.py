"""Attributes on demand: fields, class attributes, methods, and what decorators make of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from leaklint.flow.model import Class, Event, Function, may_be_skipped
from leaklint.flow.terms import Term
from leaklint.heap.assigned import Assigned, FieldTerms
from leaklint.heap.decorations import put_on
from leaklint.heap.descriptors import Descriptors
from leaklint.heap.module_attributes import attribute_of_module
from leaklint.heap.namespaces import namespace_of
from leaklint.heap.points_to_values import NOTHING, PART, Values

if TYPE_CHECKING:
    from leaklint.heap.classes import Kin
    from leaklint.heap.points_to import PointsTo

_UNCHANGED = frozenset({"", "abstract", "plain", "tuple", "frozenset"})  # has no methods that put something in
_OBJECTS = frozenset({"inst", "self", "class"})
_PASSED_ON = 2  # how many callers further up what callers pass on is looked for


class Attributes:
    """Attributes of abstract values."""

    def __init__(self, heap: PointsTo) -> None:
        """Take what is asked for everything else."""
        self.heap = heap
        self._asked: set[Term] = set()  # the parameters of which it is known what callers hand in
        self._settled: dict[Term, Values] = {}  # what terms may denote of which no caller hands anything in
        self._given: dict[Term, Values] = {}  # what terms may denote, what callers hand in included
        self._passed_on: dict[Term, Values] = {}  # the same, and what the callers of these have handed in
        self._fields: dict[tuple[tuple[str, ...], str], FieldTerms] = {}  # by classes and name
        self.assigned = Assigned(heap)
        self.descriptors = Descriptors(heap)

    def of(self, base: Term, name: str) -> Values:
        """Return attribute ``name`` of all that a term may denote."""
        values = self.heap.in_order(base)
        attribute = self.attribute if base[0] == "any" or len(values) < 2 else self.of_each
        return NOTHING.union(*[attribute(value, name, base) for value in values])

    def attribute(self, value: Term, name: str, base: Term) -> Values:
        """Return what attribute ``name`` of a value may be; ``base`` is the term of the value, for methods' receivers."""
        kind = value[0]
        if name == "__dict__" and (namespace := namespace_of(self.heap, value)) is not None:
            return frozenset([namespace])
        if kind in {"inst", "self"}:
            return self._of_instance(value, name, base) if value[1] != "?" else PART
        if kind in {"class", "anyclass", "metaclass"}:
            return self._of_class(value, name, base)
        if kind == "super":
            return self._of_super(value[1], name)
        if kind == "module":
            return attribute_of_module(self.heap, value[1], name)
        if kind == "ext":
            return frozenset([self.heap.names.below(f"{value[1]}.{name}")])
        if kind == "extinst":
            return self._on_outside(value, name) or frozenset([("ext", f"{value[1]}.{name}")])
        if kind in {"func", "memo"}:
            if assigned := self._put_on_value(value, name):
                return assigned
            return frozenset([("ext", f"?memo.{name}")]) if kind == "memo" else put_on(self.heap, value[1], name)
        if kind == "method":
            return self.attribute(("func", value[2]), name, base)
        if kind == "container":
            if value[1] in {"local", "namespace"}:
                made_with = self.heap.external.fields.get(value, {}).get(name)
                first = self.heap.evaluate(made_with) if made_with is not None else NOTHING
                return first | self._put_on_value(value, name) or PART
            if value[1] == "tuple" and not hasattr(tuple, name):
                return self.heap.evaluate(("held", value, "parts", None)) or PART  # a field of a named tuple
            inner = self.heap.external.inside.get(value, {}).get(name)
            return frozenset([("cmethod", value, name) if inner is None else inner])
        if kind in {"plain", "none"}:
            return frozenset([("plain", "?")]) if kind == "plain" else NOTHING
        return self._of_param(value, name, base) if kind in {"param", "part"} else PART

    def _put_on_value(self, value: Term, name: str) -> Values:
        """Return what the program assigns to an attribute of a function, a namespace or a thread-local."""
        holders = self.assigned.open(name)
        return self.heap.all_of(term for holder, term in holders if value in self.heap.evaluate(holder))

    def _of_super(self, key: str, name: str) -> Values:
        """Return an attribute of ``super()`` in a method of a class."""
        above = self._above(key)
        method = next((klass.methods[name] for klass in above if name in klass.methods), None)
        if method is not None:
            return frozenset([("method", ("self", key), method)])
        if name in {"__new__", "__call__", "__init__"}:
            return frozenset([("ext", f"super.{name}")])
        attribute = next((klass.attributes[name][0] for klass in above if name in klass.attributes), None)
        return self.of_base_outside(key, name) if attribute is None else self.heap.evaluate(attribute)

    def of_each(self, value: Term, name: str, base: Term) -> Values:
        """Return an attribute of one of several values; of an object it is worked out once, whoever has it."""
        return (
            self.heap.evaluate(("attr", ("any", value), name))
            if value[0] in _OBJECTS
            else self.attribute(value, name, base)
        )

    def _on_outside(self, value: Term, name: str) -> Values:
        """Return what the program assigns to an attribute of an object from outside of it."""
        return self.heap.all_of(
            term
            for base, term in self.assigned.open(name)
            if any(self.heap.is_same_outside(other, value) for other in self.heap.evaluate(base))
        )

    def assignments(self, name: str) -> list[tuple[str, Event]]:
        """Return (function, event) of every assignment to an attribute of this name."""
        return self.assigned.all(name)

    def field_terms(self, key: str, name: str) -> list[tuple[str, Event]]:
        """Return the assignments to a field of the objects of a class, wherever they stand."""
        return self._field_terms(self.heap.classes.kin(key), name)

    def _field_terms(self, kin: Kin, name: str) -> list[tuple[str, Event]]:
        known = self._fields.get((kin.classes, name))
        if known is not None:
            self.heap.contents.asked += known.may_grow
            return known.assignments
        assignments, watched = self.heap.watched(lambda: self._assigned_to(kin, name))
        if watched.is_complete:
            self._fields[kin.classes, name] = FieldTerms(assignments, watched.may_grow)
        return assignments

    def _assigned_to(self, kin: Kin, name: str) -> list[tuple[str, Event]]:
        return [
            (function, event)
            for function, event in self.assigned.around(kin, name)
            if any(
                owner[0] in {"inst", "self"} and owner[1] in kin.related for owner in self.handed_down(event.terms[0])
            )
        ]

    def with_given(self, term: Term) -> Values:
        """Return what a term may denote: of a parameter, what its callers hand in as well."""
        known = self._settled.get(term)
        if known is None and (known := self._given.get(term)) is not None:
            self.heap.contents.asked += 1
        if known is not None:
            return known
        values, watched = self.heap.watched(lambda: self._with_given(term))
        if watched.is_complete:
            (self._given if watched.may_grow else self._settled)[term] = values
        return values

    def _with_given(self, term: Term) -> Values:
        values = self.heap.param(term) if term[0] == "param" else self.heap.evaluate(term)
        return values.union(*(self.given(value) for value in values if value[0] == "param"))

    def handed_down(self, term: Term) -> Values:
        """Return what a term may denote: of a parameter, what is handed in by callers, and by theirs where these pass it on."""
        if term in self._passed_on:
            self.heap.contents.asked += 1
            return self._passed_on[term]
        values, watched = self.heap.watched(lambda: self._handed_down(term))
        if watched.is_complete:
            self._passed_on[term] = values
        return values

    def _handed_down(self, term: Term) -> Values:
        known = callers = self.with_given(term)
        for _ in range(_PASSED_ON):
            callers = NOTHING.union(*(self.given(value) for value in callers if value[0] == "param")) - known
            known |= callers
        return known

    def forget(self, settled: bool = False) -> None:
        """Work out anew what callers hand in: more is known of them; or also what is settled."""
        self._given.clear()
        self._passed_on.clear()
        self._fields.clear()
        for value in self._asked:
            self.heap.drop(("given", value))
        self._asked.clear()
        if settled:
            self._settled.clear()

    def _of_instance(self, value: Term, name: str, base: Term) -> Values:
        key = value[1]
        if name == "__class__":
            return frozenset([("class", key)])
        if values := self._on_objects(self.heap.classes.kin(key), [value], name, base):
            return values
        if (lower := self._of_heirs(value, key, name, base)) is not None:
            return lower
        hints = (self.heap.names.classes[candidate].annotations.get(name) for candidate in self.heap.classes.order(key))
        hint = next((candidate for candidate in hints if candidate is not None), None)
        return self.of_base_outside(key, name) if hint is None else self.heap.annotations.of(hint) or PART

    def _on_objects(self, kin: Kin, values: list[Term], name: str, base: Term) -> Values:
        """Return an attribute of objects of classes: a method, their fields, what the class has where none shadows it.

        ``values`` are what a method may be bound to.
        """
        key = kin.classes[0]
        method = self.heap.classes.method(key, name)
        fields = self._field_terms(kin, name)
        result = NOTHING.union(*(self.descriptors.held(key, function, event) for function, event in fields))
        if method is not None:
            # ``Shop.price = cache(Shop.price)``
            memos = frozenset(receiver for receiver in self._on_class(kin, name) if receiver[0] == "memo")
            return result.union(memos, *(self._bound(receiver, key, name, method, base) for receiver in values))
        attribute = self.heap.classes.attribute(key, name)
        if attribute is not None and self.descriptors.is_set_by_one(key, name):
            return self.descriptors.given(attribute[1], result)
        makers = ((self.heap.functions[function], event) for function, event in fields)
        shadowed = any(maker.name == "__init__" and not may_be_skipped(event, maker) for maker, event in makers)
        if attribute is None:
            result |= self._on_class(kin, name)
        elif not shadowed:
            result |= self._descended(attribute[1], base) | self._on_class(kin, name)
        elif len(kin.classes) > 1:  # of some of them
            each = (self.heap.classes.kin(receiver) for receiver in kin.classes)
            result = result.union(
                *(self._on_objects(receiver, [("self", receiver.classes[0])], name, base) for receiver in each)
            )
        return result

    def _of_heirs(self, value: Term, key: str, name: str, base: Term) -> Values | None:
        """Return an attribute that only heirs have, from their bodies or from other bases, of an object of an open class."""
        if value[0] == "inst":
            return None
        result: Values = NOTHING
        for kin in self.assigned.heirs(key, name):
            heir, values = kin.classes[0], [(value[0], receiver) for receiver in kin.classes]
            if value[0] == "self":
                result |= self._on_objects(kin, values, name, base)
            elif (method := self.heap.classes.method(heir, name)) is not None:
                result = result.union(*(self._bound(receiver, heir, name, method, base) for receiver in values))
            elif (attribute := self.heap.classes.attribute(heir, name)) is not None:
                result |= self.heap.evaluate(attribute[1])
        return result or None

    def given(self, value: Term) -> Values:
        """Return what the calls that are seen give for a parameter."""
        self._asked.add(value)
        return self.heap.evaluate(("given", value))

    def _handed_through(self, value: Term, name: str, base: Term) -> Values:
        """Return an attribute of what a caller hands in; of a parameter of its own, of what its callers hand in."""
        if value[0] != "param":
            return self.of_each(value, name, base)
        arguments = (argument for argument in self.given(value) if argument[0] in _OBJECTS)
        return frozenset().union(*(self.of_each(argument, name, base) for argument in arguments))

    def _of_param(self, value: Term, name: str, base: Term) -> Values:
        """Return an attribute of a parameter: by what callers give, what is assigned there, or the one class that has it."""
        result: Values = NOTHING
        for argument in self.given(value) if value[0] == "param" else ():
            result |= self._handed_through(argument, name, base)
        result |= self.heap.all_of(self.assigned.on_param(base, name))
        if result - PART:
            return result - PART
        fields = self.assigned.all(name)
        bases = self.assigned.owners(name)
        if fields and len(bases) == 1 and "" not in bases and base[0] in {"param", "fresh", "iter", "elem", "cell"}:
            if got := self.heap.all_of(event.terms[1] for _, event in fields):
                return got
        if value[0] == "param" and not fields and (term := self.heap.classes.declared_once(name)) is not None:
            return self.heap.evaluate(term)
        owner = self.heap.classes.uppermost(name) if value[0] == "param" else None
        if owner is not None:
            return self._bound(("self", owner), owner, name, self.heap.names.classes[owner].methods[name], base)
        return result or PART

    def _descended(self, term: Term, base: Term) -> Values:
        """Return what an object gives for an attribute of its class; a descriptor gives what its getter returns for it."""
        result: Values = NOTHING
        if term[0] == "call" and term[2] and self.heap.may_be(term[1], "property"):
            for value in self.heap.evaluate(term[2][0]):
                if value[0] == "func":
                    result |= self.heap.calling.with_receiver(self.heap.functions[value[1]], base)
            return result
        return self.descriptors.given(term, NOTHING)

    def of_base_outside(self, key: str, name: str) -> Values:
        """Return a method that a class has from a base outside of the program."""
        entries = [self.heap.contracts.klass(base) for base in self.heap.classes.outside(key)]
        kinds = [entry.container for entry in entries if entry is not None and entry.container not in _UNCHANGED]
        if kinds and any(entry is not None and (name, kinds[0]) in entry.inside for entry in entries):
            return frozenset([("container", kinds[0], ("class", key))])  # such as ``data`` of a ``UserDict``
        if kinds:
            return frozenset([("cmethod", ("container", kinds[0], ("class", key)), name)])
        retained = [
            f"{base}.{name}" for base in self.heap.classes.outside(key) if self.heap.contracts.speaks_of(base, name)
        ]
        return frozenset([("ext", retained[0])]) if retained else PART

    def _on_class(self, kin: Kin, name: str) -> Values:
        """Return what is assigned to an attribute of classes outside of their bodies."""
        result: Values = NOTHING
        for base, term in self.assigned.open(name):
            if base[0] == "param" and self.heap.functions[base[1]].owner == "":
                continue
            for value in self.heap.evaluate(base):
                if (value[0] == "class" and value[1] in kin.related) or (
                    value[0] == "anyclass" and self._have_metaclass(kin, value[1])
                ):
                    result |= self.heap.evaluate(term)
        return result

    def _have_metaclass(self, kin: Kin, meta: str) -> bool:
        below = self.heap.classes.below(meta)
        return any(self.heap.classes.metaclass(key) in below for key in kin.classes)

    def _of_class(self, value: Term, name: str, base: Term) -> Values:
        key = value[1]
        if key == "?":
            return PART
        if value[0] == "class":
            attribute = self.heap.classes.attribute(key, name)
            result = self._on_class(self.heap.classes.kin(key), name)
            if attribute is not None:
                method = self.heap.classes.method(key, name)
                if method is not None:
                    return result | self._bound(value, key, name, method, value)
                if self.heap.classes.is_member(attribute[0], name):
                    return frozenset([("inst", attribute[0], None)])
                return result | self.heap.evaluate(attribute[1])
            meta = self.heap.classes.metaclass(key)
            if meta is not None:
                result |= (
                    self._of_class(("anyclass", meta), name, base)
                    if self.heap.classes.method(meta, name) or self.heap.classes.attribute(meta, name)
                    else NOTHING
                )
                result |= self._meta_fields(meta, name)
            return result or self._of_heirs(("class", key), key, name, value) or PART
        attribute = self.heap.classes.attribute(key, name)
        method = self.heap.classes.method(key, name)
        if method is not None:
            return self._bound(value, key, name, method, base)
        result = self._meta_fields(key, name)
        return result | (self.heap.evaluate(attribute[1]) if attribute is not None else NOTHING) or PART

    def _meta_fields(self, meta: str, name: str) -> Values:
        result: Values = NOTHING
        for base, term in self.assigned.open(name):
            if any(
                value[0] in {"anyclass", "class"}
                and (value[1] == meta or (value[0] == "class" and self.heap.classes.metaclass(value[1]) == meta))
                for value in self.heap.evaluate(base)
            ):
                result |= self.heap.evaluate(term)
        return result

    def _above(self, key: str) -> list[Class]:
        """Return the classes of the program above a class, the nearest first."""
        return [self.heap.names.classes[ancestor] for ancestor in self.heap.classes.order(key)[1:]]

    def _bound(self, value: Term, key: str, name: str, method: str, base: Term) -> Values:
        """Return a method as an attribute: bound, the value of a property, or what its decorators make of it."""
        function = self.heap.functions[method]
        if function.decorators:
            kinds = self.decoration(function)
            if "property" in kinds and value[0] != "class":
                return self.heap.calling.with_receiver(function, base)
            changed = self.decorated(function)
            if changed is not None:
                return NOTHING.union(*(self.descriptors.read(one, value, base) for one in changed))
        if function.kind == "staticmethod" or (value[0] == "class" and function.kind == "method"):
            return frozenset([("func", method)])
        return frozenset([("method", value, method)])

    def decoration(self, function: Function) -> set[str]:
        """Return what a function's decorators do, as far as the standard library's are concerned."""
        terms = [decorator.term for decorator in function.decorators]
        kinds = {"property": "property", "kept property": "kept"}
        return {word for nature, word in kinds.items() if any(self.heap.may_be(term, nature) for term in terms)}

    def decorated(self, function: Function) -> Values | None:
        """Return what decorators of the program, or memoisers, make of a function; None if they leave it as it is."""
        *_, values = (NOTHING, *self.decorated_by_steps(function))
        return values if values and values != {("func", function.key)} else None

    def decorated_by_steps(self, function: Function) -> Iterator[Values]:
        """Yield what each of a function's decorators makes of it, the innermost first."""
        term: Term = ("func", function.key)
        module = self.heap.names.module_of(function.key).name
        for decorator in reversed(function.decorators):
            if not self.heap.may_be(decorator.term, "same function"):
                term = ("call", decorator.term, (term,), (), (module, *decorator.place))
                made = self.heap.evaluate(term)
                yield frozenset(value for value in made if value[0] in {"func", "memo", "partial", "inst"})
