"""How many keys there can be: finitely many, as many as there are texts, a new one each time, or unknown."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cached_property

from leaklint.contracts.texts import GIVING_TEXT
from leaklint.flow.terms import Term, children, options, walk
from leaklint.heap.arguments import attribute_given, call_arguments
from leaklint.heap.callers import Callers
from leaklint.heap.context_settings import ContextSettings
from leaklint.heap.counters import Counters
from leaklint.heap.domains import ORDER, Domain
from leaklint.heap.effects import Call, Effect, Effects
from leaklint.heap.inputs import Inputs
from leaklint.heap.key_guards import KeyGuards, is_search_for_unused
from leaklint.heap.lifetime import Lifetime
from leaklint.heap.multiplicity import Multiplicity
from leaklint.heap.points_to import PointsTo
from leaklint.heap.ranges import Ranges
from leaklint.heap.read_data import ReadData
from leaklint.heap.runners import Runners
from leaklint.heap.usage import Usage

_FINITE_ATTRIBUTES = frozenset({"__class__", "__name__", "__qualname__", "__module__", "__doc__"})
_FINITE_TYPES = frozenset({"bool", "enum", "type", "NoneType", "None", "Literal"})
# A parameter or attribute that is text by the name it goes by: only ever a reason to be less sure.
_TEXT_NAME = re.compile(
    r"(^|_|[a-z](?=N))([nN]ame|kind|path|filename|label|url|uri|title|text|message|topic|slug|locale|lang|language|pattern|prefix"
    r"|suffix|symbol|identifier)s?$"
)
_MOST = 8  # how deep a key is followed
_NEAR_END = 6


class KeyDomain:
    """Judges keys of stores."""

    def __init__(self, heap: PointsTo, effects: Effects, lifetime: Lifetime, multiplicity: Multiplicity) -> None:
        self.heap = heap
        self.effects = effects
        self.lifetime = lifetime
        self.usage = Usage(heap)
        self.guards = KeyGuards(self)
        self.inputs = Inputs(heap, effects)
        self.read_data = ReadData(heap, effects)
        self.settings = ContextSettings(heap)
        self._counters = Counters(heap, lifetime)
        self._runners = Runners(heap, effects, multiplicity)
        self.ranges = Ranges(heap)
        self._callers: Callers[Domain] = Callers()
        self._tables: dict[tuple[str, Term, Term | None], bool] = {}

    def of_store(self, effect: Effect) -> Domain:
        """Return how many keys a store can use, its guards and its callers' included."""
        if effect.key is None:
            return Domain.UNKNOWN
        events = [(effect.function, effect.event), *((call.caller, call.event) for call in effect.chain)]
        if any(self.guards.bounded_by(guard, effect) for _, event in events for guard in event.guards):
            return Domain.FINITE
        if effect.event.kind == "setitem" and self._by_values(effect.event.terms[1]) is Domain.FINITE:
            return Domain.FINITE  # whatever callers hand in, the function says what it takes
        guards = self.guards
        if guards.looked_up(effect) or guards.checked_by_value(effect) or guards.checked_in_parts(effect):
            return Domain.FINITE
        return self.of(effect.key, effect.chain)

    def of(self, term: Term, chain: tuple[Call, ...] = ()) -> Domain:
        """Return how many different values a term can give."""
        with self._callers.after(chain):
            return self._deep(term, 0)

    def _deep(self, term: Term, depth: int) -> Domain:
        if depth > _MOST:
            return Domain.UNKNOWN
        return self._callers.ask((term, depth), lambda: self._worst(options(term), depth))

    def _worst(self, terms: Iterable[Term], depth: int) -> Domain:
        domains = {term: self._of(term, depth) for term in terms}
        worst = min(domains.values(), key=ORDER.index)
        text = Domain.TEXT in domains.values() or any(
            term[0] == "const" and term[2] in {"str", "bytes"} for term in domains
        )
        return Domain.TEXT if worst is Domain.UNKNOWN and text else worst  # keys are of one type

    def _widest(self, terms: Iterable[Term], depth: int, default: Domain = Domain.UNKNOWN) -> Domain:
        """Return the domain of the term that may have most values; ``default`` of no terms."""
        return min((self._deep(term, depth) for term in terms), key=ORDER.index, default=default)

    def _of(self, term: Term, depth: int) -> Domain:
        kind = term[0]
        if kind == "const" or (kind in {"attr", "call", "op"} and self.ranges.is_clamped(term)):
            return Domain.FINITE
        if kind == "attr":
            return self._attribute(term, depth)
        if kind in {"text", "tuple", "list", "set", "comp", "slice", "star"}:
            inside = term[2] if kind == "comp" else children(term)
            parts = [self._deep(part, depth + 1) for part in inside]
            if kind == "text" and set(parts) - {Domain.FINITE}:
                return Domain.FRESH if Domain.FRESH in parts else Domain.TEXT
            return min(parts, key=ORDER.index, default=Domain.FINITE)
        if kind == "op":
            return self._operation(term, depth)
        if kind in {"elem", "call"} and self.inputs.variable(term):
            return Domain.TEXT
        if kind == "call":
            return self._call(term, depth)
        if kind in {"elem", "iter"} and self.of_table(term):
            return Domain.FINITE
        if kind == "param":
            return self._param(term, depth)
        if kind in {"fresh", "cell"} and depth < 5:
            terms = self.heap.cell(term) if kind == "cell" else self.heap.reaching(term)
            if terms:
                return self._widest((value for value in terms if value != term), depth + 2)
        if kind == "name" and self._is_fresh_variable(term, depth):
            return Domain.FRESH
        return self._by_values(term)

    def _is_fresh_variable(self, term: Term, depth: int) -> bool:
        """Tell whether a variable of a module counts up, or is given something new each time."""
        if self._counters.counts(term):
            return True
        values = self._of_global(term)[:6] if depth < 5 else []
        return Domain.FRESH in [self._deep(value, depth + 2) for value in values]

    def _attribute(self, term: Term, depth: int) -> Domain:
        """Return how many values an attribute can have: by contract, by what it is of, or by what is assigned to it."""
        if (argument := attribute_given(self.heap, term)) is not None:
            return self._deep(argument, depth + 1)
        if term[2] in _FINITE_ATTRIBUTES:
            return self._widest(self.heap.attributes.assigned.to_functions(term), depth + 2, Domain.FINITE)
        if self._counters.counts(term):
            return Domain.FRESH
        if term[1][0] == "call" and self._call(term[1], depth + 1) == Domain.FRESH:
            return Domain.FRESH
        if self._is_for_each(term):
            return self._deep(term[1], depth + 1)
        if depth < 8 and (written := self._on_classes(term)):
            if all(self._deep(value, 4) is Domain.FINITE for value in written):
                return Domain.FINITE  # one for each class
        if depth < 5:
            fields = [
                event.terms[1]
                for value in self.heap.ordered(self.heap.attributes.handed_down(term[1]))
                if value[0] in {"self", "inst"} and value[1] in self.heap.names.classes
                for _, event in self.heap.attributes.field_terms(value[1], term[2])
            ]
            domains = [self._deep(value, depth + 2) for value in fields[:6]]
            if domains and Domain.UNKNOWN not in domains:
                return min(domains, key=ORDER.index)
        return self._by_values(term)

    def _is_for_each(self, term: Term) -> bool:
        """Tell whether each object has another value for an attribute, by contract."""
        values = self.heap.evaluate(term)
        return any(value[0] == "ext" and self.heap.contracts.keys(value[1]) == "own" for value in values)

    def _on_classes(self, term: Term) -> list[Term]:
        """Return what class bodies give an attribute that no object is given for itself."""
        values: list[Term] = []
        for value in self.heap.evaluate(term[1]):
            if value[0] not in {"self", "inst", "class"} or value[1] not in self.heap.names.classes:
                return []
            if any(True for _ in self.heap.attributes.field_terms(value[1], term[2])):
                return []
            classes = self.heap.classes
            family = {*classes.order(value[1]), *classes.below(value[1])}
            if any(term[2] in self.heap.names.classes[owner].methods for owner in family):
                return []  # a property gives each object its own
            values += [
                self.heap.names.classes[owner].attributes[term[2]][0]
                for owner in sorted(family)
                if term[2] in self.heap.names.classes[owner].attributes
            ]
        return values

    def _of_global(self, term: Term) -> list[Term]:
        """Return what is assigned to a variable of a module."""
        return list(self.heap.names.assigned_to(self.heap.names.name(term[1], term[2])))

    def _operation(self, term: Term, depth: int) -> Domain:
        name, parts = term[1], term[2]
        if name == "%" and parts[0][0] != "const" and not self._is_text(parts[0]):
            return Domain.FINITE if parts[1][0] != "tuple" else Domain.TEXT
        if name in {"==", "<", ">", "<=", ">=", "in", "not in", "is", "is not", "not", "!="}:
            return Domain.FINITE
        if name == "&" and any(part[0] == "const" for part in parts):
            return Domain.FINITE
        domains = [self._deep(part, depth + 1) for part in parts]
        if Domain.FRESH in domains:
            return Domain.FRESH
        if name == "+" and any(value[0] == "container" for value in self.heap.evaluate(term)):
            return min(domains, key=ORDER.index)  # a sequence of what is in either of two
        if any(self._is_text(part) for part in parts):
            return Domain.FINITE if set(domains) == {Domain.FINITE} else Domain.TEXT
        return Domain.VALUE if Domain.OBJECT not in domains else Domain.OBJECT

    def _is_text(self, term: Term) -> bool:
        return any(value[0] == "plain" and value[1] in {"str", "bytes"} for value in self.heap.evaluate(term))

    def _call(self, term: Term, depth: int) -> Domain:
        if term[1][0] == "attr" and (named := attribute_given(self.heap, term[1])) is not None:
            return self._deep(named, depth + 1)
        names = {value[1] for value in self.heap.attributes.with_given(term[1]) if value[0] == "ext"}
        natures = {self.heap.contracts.keys(name) for name in names}
        if "fresh" in natures:
            if "builtins.id" in names and term[2] and self._of_class(term[2][0]):
                return Domain.FINITE
            return Domain.FRESH
        if any(self.heap.contracts.is_a(name, "the one that runs") for name in names):
            return Domain.OBJECT if self._runners.come_and_go(term) else Domain.VALUE
        if "finite" in natures:
            made_anew = names == {"builtins.type"} and len(term[2]) == 3
            return Domain.OBJECT if made_anew else Domain.FINITE
        if "text" in natures and term[2]:
            inner = self._deep(term[2][0], depth + 1)
            return inner if inner in {Domain.FINITE, Domain.FRESH} else Domain.TEXT
        if "inner" in natures and term[2]:
            fields = call_arguments(term) if names == {"builtins.tuple"} else term[2][:1]
            return self._worst(fields, depth + 1)  # a named tuple is given its fields
        if settings := self.settings.given(term):
            return self._worst(settings, depth + 1)
        if term[1][0] == "attr" and term[1][2] in GIVING_TEXT:
            parts = [self._deep(part, depth + 1) for part in (term[1][1], *term[2])]
            return Domain.FRESH if Domain.FRESH in parts else Domain.TEXT
        if (
            term[1][0] == "attr"
            and term[1][2] in {"get", "pop"}
            and self.of_table(("elem", term[1][1], term[2][0] if term[2] else ("unknown",)))
        ):
            default = term[2][1] if len(term[2]) > 1 else None
            return Domain.FINITE if default is None else self._deep(default, depth + 1)
        classes = [value[1] for value in self.heap.evaluate(term[1]) if value[0] == "class" and value[1] != "?"]
        if classes and all(self.heap.classes.by_value(key) for key in classes) and (term[2] or term[3]):
            return self._widest(call_arguments(term), depth + 1)
        callees = [value for value in self.heap.in_order(term[1]) if value[0] in {"func", "method"}]
        domains = []
        for callee in callees[:4]:
            key = callee[-1]
            bound = self.heap.calling.bind(
                key, term, self.heap.calling.receiver_term(term, callee) if callee[0] == "method" else None
            )
            for event in self.heap.functions[key].events:
                if event.kind == "return" and is_search_for_unused(event):
                    domains.append(Domain.FRESH)
                elif event.kind == "return":
                    domains.append(self._deep(self.heap.calling.substituted(event.terms[0], key, bound), depth + 2))
        return min(domains, key=ORDER.index) if domains else self._by_values(term)

    def _of_class(self, term: Term) -> bool:
        values = self.heap.evaluate(term)
        return bool(values) and all(
            value[0] in {"class", "anyclass", "metaclass"} and not self._is_made_anew(value) for value in values
        )

    def _is_made_anew(self, value: Term) -> bool:
        """Tell whether a class is one that a function makes each time it runs."""
        return value == ("anyclass", "?") or (value[0] == "class" and bool(self.heap.names.classes[value[1]].parent))

    @cached_property
    def _filled(self) -> frozenset[Term]:
        """Return the containers that something is put into at run time."""
        return frozenset(effect.container for effect in self.effects.effects if effect.kind == "store")

    def of_table(self, term: Term) -> bool:
        """Tell whether a term is an element of a table that is written out and has nothing but fixed entries."""
        constant = term[2] if term[0] == "elem" and term[2][0] == "const" else None
        asked = (term[0], term[1], constant)
        if asked not in self._tables:
            self._tables[asked] = False  # of one whose entries are worked out from its own, while that is asked
            self._tables[asked] = self._is_of_table(term)
        return self._tables[asked]

    def _is_of_table(self, term: Term) -> bool:
        values = self.heap.evaluate(term[1])
        filled = self._filled
        if not values:
            return False
        for value in values:
            if value[0] != "container" or value in filled or value not in self.heap.contents:
                inner = term[1]
                if inner[0] in {"elem", "iter"} and inner is not term and self.of_table(inner):
                    continue
                return False
            for key, part in self.heap.contents.parts(value):
                if (
                    term[0] == "elem"
                    and key is not None
                    and key[0] == "const"
                    and term[2][0] == "const"
                    and key != term[2]
                ):
                    continue
                if part[0] == "call" and self._deep(part, _NEAR_END) is Domain.FRESH:
                    return False
                if part[0] == "star" or (
                    any(term_inside[0] in {"param", "fresh", "cell"} for term_inside in walk(part))
                    and not self._parts_fixed(part)
                ):
                    return False
        return True

    @staticmethod
    def _parts_fixed(part: Term) -> bool:
        return part[0] in {"tuple", "list"} and bool(part[1]) and part[1][0][0] == "const"

    def _param(self, term: Term, depth: int) -> Domain:
        direct = self._by_values(term)
        if direct in {Domain.OBJECT, Domain.FINITE}:
            return direct
        calls = self._callers.open(self.effects.calls.get(term[1], ()))
        arguments = [(call, call.bound[term[2]]) for call in calls if term[2] in call.bound]
        domains = [self._handed_in(call, argument, depth) for call, argument in arguments[:20] if depth < 6]
        if domains:
            worst = min(domains, key=ORDER.index)
            if worst in {Domain.UNKNOWN, Domain.OBJECT} and (direct == Domain.TEXT or self._documented(term)):
                return Domain.TEXT
            return worst
        if direct == Domain.UNKNOWN and self.usage.of(term[1], term[2]) == "plain":
            return Domain.TEXT
        if direct == Domain.UNKNOWN and (_TEXT_NAME.search(term[2]) or self._documented(term)):
            return Domain.TEXT
        return direct

    def _handed_in(self, call: Call, term: Term, depth: int) -> Domain:
        return self._callers.through(call, lambda: self._deep(term, depth + 2))

    def by_name_alone(self, term: Term) -> bool:
        """Tell whether nothing but its name says that a parameter is text."""
        return (
            self._by_values(term) == Domain.UNKNOWN and not self._documented(term) and bool(_TEXT_NAME.search(term[2]))
        )

    def _documented(self, term: Term) -> bool:
        """Tell whether the documentation of a function, or of the class that it constructs, calls a parameter text."""
        function = self.heap.functions.get(term[1])
        text = function.documentation if function is not None else ""
        if function is not None and function.owner and function.name == "__init__":
            text += self.heap.functions[function.owner].documentation
        name = re.escape(term[2])
        return (
            bool(text)
            and re.search(
                rf":param\s+str\s+{name}\b|:type\s+{name}:\s*str|\b{name}\s*\(\s*str\b|\b{name}\s*:\s*str\b", text
            )
            is not None
        )

    def _by_values(self, term: Term) -> Domain:
        values = self.heap.evaluate(term)
        domains = set()
        for value in values:
            kind = value[0]
            if kind == "plain":
                domains.add(
                    Domain.FINITE
                    if value[1] in _FINITE_TYPES
                    else Domain.TEXT
                    if value[1] == "sequence" or self.heap.contracts.is_a(value[1], "text")
                    else Domain.VALUE
                    if value[1] != "?"
                    else Domain.UNKNOWN
                )
            elif kind == "ext" and (nature := self.heap.contracts.keys(value[1])) in {"own", "input"}:
                domains.add(Domain.TEXT if nature == "input" else Domain.UNKNOWN)
            elif kind in {"class", "anyclass", "metaclass", "module", "none", "ext"}:
                domains.add(Domain.OBJECT if self._is_made_anew(value) else Domain.FINITE)
            elif kind == "func":
                domains.add(Domain.OBJECT if self.heap.functions[value[1]].parent else Domain.FINITE)
            elif kind in {"self", "inst"}:
                if (value in self.lifetime.long and kind == "inst" and self.lifetime.long[value].depth == 0) or (
                    value[1] in self.heap.names.classes and self.heap.classes.is_enum(value[1])
                ):
                    domains.add(Domain.FINITE)
                elif value[1] in self.heap.names.classes and self.heap.classes.by_value(value[1]):
                    domains.add(Domain.VALUE)
                else:
                    domains.add(Domain.OBJECT)
            elif kind in {"method", "partial", "exc"}:
                domains.add(Domain.OBJECT)
            elif kind == "container":
                domains.add(Domain.UNKNOWN)
            else:
                domains.add(Domain.UNKNOWN)
        if not domains:
            return Domain.UNKNOWN
        if domains == {Domain.UNKNOWN} and term[0] in {"attr", "name"} and _TEXT_NAME.search(term[2]):
            return Domain.TEXT
        return min(domains, key=ORDER.index)
