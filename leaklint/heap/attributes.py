"""Attributes on demand: fields, class attributes, methods, and what decorators make of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from leaklint.flow.model import Event, Function, may_be_skipped
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

    def attribute(self, value: Term, name: str, base: Term) -> Values:
        """Return what attribute ``name`` of a value may be; ``base`` is the term of the value, for methods' receivers."""
        kind = value[0]
        if name == "__dict__" and (namespace := namespace_of(self.heap, value)) is not None:
            return frozenset([namespace])
        if kind in {"inst", "self"}:
            return self._of_instance(value, name, base) if value[1] != "?" else PART
        if kind in {"class", "anyclass", "metaclass"}:
            return self._of_class(value, name)
        if kind == "super":
            found = self._method_above(value[1], name)
            if found is None and name in {"__new__", "__call__", "__init__"}:
                return frozenset([("ext", f"super.{name}")])
            if found is None and (above := self._attribute_above(value[1], name)) is not None:
                return self.heap.evaluate(above)
            bound = frozenset([("method", ("self", value[1]), found)])
            return bound if found else self.of_base_outside(value[1], name)
        if kind == "module":
            return attribute_of_module(self.heap, value[1], name)
        if kind == "ext":
            return frozenset([self.heap.names.below(f"{value[1]}.{name}")])
        if kind == "extinst":
            return self._on_outside(value, name) or frozenset([("ext", f"{value[1]}.{name}")])
        if kind in {"func", "memo"}:
            got = self.heap.all_of(
                term for base_, term in self.assigned.open(name) if value in self.heap.evaluate(base_)
            )
            return got or (
                frozenset([("ext", f"?memo.{name}")]) if kind == "memo" else put_on(self.heap, value[1], name)
            )
        if kind == "method":
            return self.attribute(("func", value[2]), name, base)
        if kind == "container":
            if value[1] in {"local", "namespace"}:
                made_with = self.heap.external.fields.get(value, {}).get(name)
                got = self.heap.evaluate(made_with) if made_with is not None else NOTHING
                got |= self.heap.all_of(
                    term for base_, term in self.assigned.open(name) if value in self.heap.evaluate(base_)
                )
                return got or PART
            if value[1] == "tuple" and not hasattr(tuple, name):
                return self.heap.evaluate(("held", value, "parts", None)) or PART  # a field of a named tuple
            inner = self.heap.external.inside.get(value, {}).get(name)
            return frozenset([("cmethod", value, name) if inner is None else inner])
        if kind in {"plain", "none"}:
            return frozenset([("plain", "?")]) if kind == "plain" else NOTHING
        return self._of_param(value, name, base) if kind in {"param", "part"} else PART

    def _on_outside(self, value: Term, name: str) -> Values:
        """Return what the program assigns to an attribute of an object from outside of it."""
        return self.heap.all_of(
            term
            for base, term in self.assigned.open(name)
            if any(self.heap.is_same_outside(one, value) for one in self.heap.evaluate(base))
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
        found, watched = self.heap.watched(lambda: self._assigned_to(kin, name))
        if watched.is_complete:
            self._fields[kin.classes, name] = FieldTerms(found, watched.may_grow)
        return found

    def _assigned_to(self, kin: Kin, name: str) -> list[tuple[str, Event]]:
        return [
            (function, event)
            for function, event in self.assigned.around(kin, name)
            if any(one[0] in {"inst", "self"} and one[1] in kin.related for one in self.handed_down(event.terms[0]))
        ]

    def with_given(self, term: Term) -> Values:
        """Return what a term may denote: of a parameter, what its callers hand in as well."""
        known = self._settled.get(term)
        if known is None and (known := self._given.get(term)) is not None:
            self.heap.contents.asked += 1
        if known is not None:
            return known
        found, watched = self.heap.watched(lambda: self._with_given(term))
        if watched.is_complete:
            (self._given if watched.may_grow else self._settled)[term] = found
        return found

    def _with_given(self, term: Term) -> Values:
        values = self.heap.param(term) if term[0] == "param" else self.heap.evaluate(term)
        return values.union(*(self.given(value) for value in values if value[0] == "param"))

    def handed_down(self, term: Term) -> Values:
        """Return what a term may denote: of a parameter, what is handed in by callers, and by theirs where these pass it on."""
        if term in self._passed_on:
            self.heap.contents.asked += 1
            return self._passed_on[term]
        found, watched = self.heap.watched(lambda: self._handed_down(term))
        if watched.is_complete:
            self._passed_on[term] = found
        return found

    def _handed_down(self, term: Term) -> Values:
        known = here = self.with_given(term)
        for _ in range(_PASSED_ON):
            here = NOTHING.union(*(self.given(value) for value in here if value[0] == "param")) - known
            known |= here
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
        if got := self._on_objects(self.heap.classes.kin(key), [value], name, base):
            return got
        if (lower := self._of_heirs(value, key, name, base)) is not None:
            return lower
        hints = (self.heap.names.classes[one].annotations.get(name) for one in self.heap.classes.order(key))
        hint = next((one for one in hints if one is not None), None)
        return self.of_base_outside(key, name) if hint is None else self.heap.annotations.of(hint) or PART

    def _on_objects(self, kin: Kin, values: list[Term], name: str, base: Term) -> Values:
        """Return an attribute of objects of classes: a method, their fields, what the class has where none shadows it.

        ``values`` are what a method may be bound to.
        """
        key = kin.classes[0]
        method = self.heap.classes.method(key, name)
        fields = self._field_terms(kin, name)
        got = NOTHING.union(*(self.descriptors.held(key, function, event) for function, event in fields))
        if method is not None:
            # ``Shop.price = cache(Shop.price)``
            memos = frozenset(one for one in self._on_class(kin, name) if one[0] == "memo")
            return got.union(memos, *(self._bound(one, key, name, method, base) for one in values))
        attribute = self.heap.classes.attribute(key, name)
        if attribute is not None and self.descriptors.is_set_by_one(key, name):
            return self.descriptors.given(attribute[1], got)
        makers = ((self.heap.functions[function], event) for function, event in fields)
        shadowed = any(maker.name == "__init__" and not may_be_skipped(event, maker) for maker, event in makers)
        if attribute is None:
            got |= self._on_class(kin, name)
        elif not shadowed:
            got |= self._descended(attribute[1], base) | self._on_class(kin, name)
        elif len(kin.classes) > 1:  # of some of them
            each = (self.heap.classes.kin(one) for one in kin.classes)
            got = got.union(*(self._on_objects(one, [("self", one.classes[0])], name, base) for one in each))
        return got

    def _of_heirs(self, value: Term, key: str, name: str, base: Term) -> Values | None:
        """Return an attribute that only heirs have, from their bodies or from other bases, of an object of an open class."""
        if value[0] == "inst":
            return None
        got: Values = NOTHING
        for kin in self.assigned.heirs(key, name):
            heir, values = kin.classes[0], [(value[0], one) for one in kin.classes]
            if value[0] == "self":
                got |= self._on_objects(kin, values, name, base)
            elif (method := self.heap.classes.method(heir, name)) is not None:
                got = got.union(*(self._bound(one, heir, name, method, base) for one in values))
            elif (attribute := self.heap.classes.attribute(heir, name)) is not None:
                got |= self.heap.evaluate(attribute[1])
        return got or None

    def given(self, value: Term) -> Values:
        """Return what the calls that are seen give for a parameter."""
        self._asked.add(value)
        return self.heap.evaluate(("given", value))

    def _handed_through(self, value: Term, name: str, base: Term) -> Values:
        """Return an attribute of what a caller hands in; of a parameter of its own, of what its callers hand in."""
        if value[0] != "param":
            return self.attribute(value, name, base)
        given = (one for one in self.given(value) if one[0] in {"class", "inst", "self"})
        return frozenset().union(*(self.attribute(one, name, base) for one in given))

    def _of_param(self, value: Term, name: str, base: Term) -> Values:
        """Return an attribute of a parameter: by what callers give, what is assigned there, or the one class that has it."""
        got: Values = NOTHING
        for one in self.given(value) if value[0] == "param" else ():
            got |= self._handed_through(one, name, base)
        got |= self.heap.all_of(self.assigned.on_param(base, name))
        if got - PART:
            return got - PART
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
        return got or PART

    def _descended(self, term: Term, base: Term) -> Values:
        """Return what an object gives for an attribute of its class; a descriptor gives what its getter returns for it."""
        got: Values = NOTHING
        if term[0] == "call" and term[2] and self._is_property(self.heap.evaluate(term[1])):
            for value in self.heap.evaluate(term[2][0]):
                if value[0] == "func":
                    got |= self.heap.calling.with_receiver(self.heap.functions[value[1]], base)
            return got
        return self.descriptors.given(term, NOTHING)

    def of_base_outside(self, key: str, name: str) -> Values:
        """Return a method that a class has from a base outside of the program."""
        known = [self.heap.contracts.klass(base) for base in self.heap.classes.outside(key)]
        kinds = [one.container for one in known if one is not None and one.container not in _UNCHANGED]
        if kinds and any(one is not None and (name, kinds[0]) in one.inside for one in known):
            return frozenset([("container", kinds[0], ("class", key))])  # such as ``data`` of a ``UserDict``
        if kinds:
            return frozenset([("cmethod", ("container", kinds[0], ("class", key)), name)])
        retained = [
            f"{base}.{name}" for base in self.heap.classes.outside(key) if self.heap.contracts.speaks_of(base, name)
        ]
        return frozenset([("ext", retained[0])]) if retained else PART

    def _on_class(self, kin: Kin, name: str) -> Values:
        """Return what is assigned to an attribute of classes outside of their bodies."""
        got: Values = NOTHING
        for base, term in self.assigned.open(name):
            if base[0] == "param" and self.heap.functions[base[1]].owner == "":
                continue
            for value in self.heap.evaluate(base):
                if (value[0] == "class" and value[1] in kin.related) or (
                    value[0] == "anyclass" and self._have_metaclass(kin, value[1])
                ):
                    got |= self.heap.evaluate(term)
        return got

    def _have_metaclass(self, kin: Kin, meta: str) -> bool:
        below = self.heap.classes.below(meta)
        return any(self.heap.classes.metaclass(one) in below for one in kin.classes)

    def _of_class(self, value: Term, name: str) -> Values:
        key = value[1]
        if key == "?":
            return PART
        if value[0] == "class":
            attribute = self.heap.classes.attribute(key, name)
            got = self._on_class(self.heap.classes.kin(key), name)
            if attribute is not None:
                method = self.heap.classes.method(key, name)
                if method is not None:
                    return got | self._bound(value, key, name, method, value)
                if self.heap.classes.is_member(attribute[0], name):
                    return frozenset([("inst", attribute[0], None)])
                return got | self.heap.evaluate(attribute[1])
            meta = self.heap.classes.metaclass(key)
            if meta is not None:
                got |= (
                    self._of_class(("anyclass", meta), name)
                    if self.heap.classes.method(meta, name) or self.heap.classes.attribute(meta, name)
                    else NOTHING
                )
                got |= self._meta_fields(meta, name)
            return got or self._of_heirs(("class", key), key, name, value) or PART
        attribute = self.heap.classes.attribute(key, name)
        method = self.heap.classes.method(key, name)
        if method is not None:
            return frozenset([("method", value, method)])
        got = self._meta_fields(key, name)
        return got | (self.heap.evaluate(attribute[1]) if attribute is not None else NOTHING) or PART

    def _meta_fields(self, meta: str, name: str) -> Values:
        got: Values = NOTHING
        for base, term in self.assigned.open(name):
            if any(
                value[0] in {"anyclass", "class"}
                and (value[1] == meta or (value[0] == "class" and self.heap.classes.metaclass(value[1]) == meta))
                for value in self.heap.evaluate(base)
            ):
                got |= self.heap.evaluate(term)
        return got

    def _method_above(self, key: str, name: str) -> str | None:
        for one in self.heap.classes.order(key)[1:]:
            if name in self.heap.names.classes[one].methods:
                return self.heap.names.classes[one].methods[name]
        return None

    def _attribute_above(self, key: str, name: str) -> Term | None:
        for one in self.heap.classes.order(key)[1:]:
            if name in self.heap.names.classes[one].attributes:
                return self.heap.names.classes[one].attributes[name][0]
        return None

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
        values = [value for decorator in function.decorators for value in self.heap.evaluate(decorator.term)]
        names = [value[1] for value in values if value[0] == "ext"]
        kinds = {"property": "property", "kept property": "kept"}
        return {word for nature, word in kinds.items() if any(self.heap.contracts.is_a(name, nature) for name in names)}

    def _is_property(self, values: Iterable[Term]) -> bool:
        return any(value[0] == "ext" and self.heap.contracts.is_a(value[1], "property") for value in values)

    def called_with_class(self, function: Function) -> bool:
        """Tell whether a decorator of the program is a descriptor whose ``__get__`` calls the function with the class."""
        for decorator in function.decorators:
            for value in self.heap.evaluate(decorator.term):
                get = self.heap.classes.method(value[1], "__get__") if value[0] == "class" else None
                params = self.heap.functions[get].params if get is not None else ()
                if get is None or len(params) < 3:
                    continue
                owner: Term = ("param", get, params[2].name)
                calls = [event.terms[0] for event in self.heap.functions[get].events if event.kind == "call"]
                if any(call[2][:1] == (owner,) for call in calls):
                    return True
        return False

    def decorated(self, function: Function) -> Values | None:
        """Return what decorators of the program, or memoisers, make of a function; None if they leave it as it is."""
        term: Term = ("func", function.key)
        changed = False
        for decorator in reversed(function.decorators):
            values = self.heap.evaluate(decorator.term)
            if any(value[0] == "ext" and self.heap.contracts.is_a(value[1], "same function") for value in values):
                continue
            term = (
                "call",
                decorator.term,
                (term,),
                (),
                (self.heap.names.module_of(function.key).name, *decorator.place),
            )
            changed = True
        if not changed:
            return None
        values = frozenset(v for v in self.heap.evaluate(term) if v[0] in {"func", "memo", "partial", "inst"})
        return values if values and values != {("func", function.key)} else None
