"""How many keys there can be: finitely many, as many as there are texts, a new one each time, or unknown."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cached_property

from leaklint.contracts.texts import GIVING_TEXT
from leaklint.flow.terms import Term, children, options, walk
from leaklint.heap.arguments import attribute_given
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
        found = {one: self._of(one, depth) for one in terms}
        worst = min(found.values(), key=ORDER.index)
        text = Domain.TEXT in found.values() or any(one[0] == "const" and one[2] in {"str", "bytes"} for one in found)
        return Domain.TEXT if worst is Domain.UNKNOWN and text else worst  # keys are of one type

    def _of(self, term: Term, depth: int) -> Domain:
        kind = term[0]
        if kind == "const" or (kind in {"attr", "call", "op"} and self.ranges.is_clamped(term)):
            return Domain.FINITE
        if kind == "attr" and (named := attribute_given(self.heap, term)) is not None:
            return self._deep(named, depth + 1)
        if kind == "attr" and term[2] in _FINITE_ATTRIBUTES:
            given = self.heap.attributes.assigned.to_functions(term)
            return min((self._deep(one, depth + 2) for one in given), key=ORDER.index, default=Domain.FINITE)
        if kind in {"text", "tuple", "list", "set", "comp", "slice", "star"}:
            inside = term[2] if kind == "comp" else children(term)
            parts = [self._deep(part, depth + 1) for part in inside]
            worst = min(parts, key=ORDER.index, default=Domain.FINITE)
            if kind == "text":
                if Domain.FRESH in parts:
                    return Domain.FRESH
                return worst if worst in {Domain.FINITE, Domain.FRESH} else Domain.TEXT
            return worst
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
        if kind == "fresh" or kind == "cell":
            terms = self.heap.cell(term) if kind == "cell" else self._assigned(term)
            if terms and depth < 5:
                return min(
                    (self._deep(one, depth + 2) for one in terms if one != term),
                    key=ORDER.index,
                    default=Domain.UNKNOWN,
                )
        if kind in {"attr", "name"} and self._counters.counts(term):
            return Domain.FRESH
        if kind == "attr" and term[1][0] == "call" and self._call(term[1], depth + 1) == Domain.FRESH:
            return Domain.FRESH
        if kind == "attr" and self._is_for_each(term):
            return self._deep(term[1], depth + 1)
        if kind == "name" and depth < 5:
            found = [self._deep(one, depth + 2) for one in self._of_global(term)[:6]]
            if Domain.FRESH in found:
                return Domain.FRESH
        if kind == "attr" and depth < 8 and (written := self._on_classes(term)):
            if all(self._deep(one, 4) is Domain.FINITE for one in written):
                return Domain.FINITE  # one for each class
        if kind == "attr" and depth < 5:
            fields = [
                event.terms[1]
                for value in self.heap.ordered(self.heap.attributes.handed_down(term[1]))
                if value[0] in {"self", "inst"} and value[1] in self.heap.names.classes
                for _, event in self.heap.attributes.field_terms(value[1], term[2])
            ]
            found = [self._deep(one, depth + 2) for one in fields[:6]]
            if found and Domain.UNKNOWN not in found:
                return min(found, key=ORDER.index)
        return self._by_values(term)

    def _is_for_each(self, term: Term) -> bool:
        """Tell whether each object has another value for an attribute, by contract."""
        values = self.heap.evaluate(term)
        return any(value[0] == "ext" and self.heap.contracts.keys(value[1]) == "own" for value in values)

    def _on_classes(self, term: Term) -> list[Term]:
        """Return what class bodies give an attribute that no object is given for itself."""
        found: list[Term] = []
        for value in self.heap.evaluate(term[1]):
            if value[0] not in {"self", "inst", "class"} or value[1] not in self.heap.names.classes:
                return []
            if any(True for _ in self.heap.attributes.field_terms(value[1], term[2])):
                return []
            classes = self.heap.classes
            every = {*classes.order(value[1]), *classes.below(value[1])}
            if any(term[2] in self.heap.names.classes[one].methods for one in every):
                return []  # a property gives each object its own
            found += [
                self.heap.names.classes[one].attributes[term[2]][0]
                for one in sorted(every)
                if term[2] in self.heap.names.classes[one].attributes
            ]
        return found

    def _of_global(self, term: Term) -> list[Term]:
        """Return what is assigned to a variable of a module."""
        return list(self.heap.names.assigned_to(self.heap.names.name(term[1], term[2])))

    def _assigned(self, term: Term) -> tuple[Term, ...]:
        function = self.heap.functions.get(term[1])
        return function.assigned.get(f"{term[2]}@{term[3][0]}:{term[3][1]}", ()) if function is not None else ()

    def _operation(self, term: Term, depth: int) -> Domain:
        name, parts = term[1], term[2]
        if name == "%" and parts[0][0] != "const" and not self._is_text(parts[0]):
            return Domain.FINITE if parts[1][0] != "tuple" else Domain.TEXT
        if name in {"==", "<", ">", "<=", ">=", "in", "not in", "is", "is not", "not", "!="}:
            return Domain.FINITE
        if name == "&" and any(part[0] == "const" for part in parts):
            return Domain.FINITE
        found = [self._deep(part, depth + 1) for part in parts]
        if Domain.FRESH in found:
            return Domain.FRESH
        if name == "+" and any(value[0] == "container" for value in self.heap.evaluate(term)):
            return min(found, key=ORDER.index)  # a sequence of what is in either of two
        if any(self._is_text(part) for part in parts):
            return Domain.FINITE if set(found) == {Domain.FINITE} else Domain.TEXT
        return Domain.VALUE if Domain.OBJECT not in found else Domain.OBJECT

    def _is_text(self, term: Term) -> bool:
        return any(value[0] == "plain" and value[1] in {"str", "bytes"} for value in self.heap.evaluate(term))

    def _call(self, term: Term, depth: int) -> Domain:
        if term[1][0] == "attr" and (named := attribute_given(self.heap, term[1])) is not None:
            return self._deep(named, depth + 1)
        names = {value[1] for value in self.heap.attributes.with_given(term[1]) if value[0] == "ext"}
        given = {self.heap.contracts.keys(name) for name in names}
        if "fresh" in given:
            if "builtins.id" in names and term[2] and self._of_class(term[2][0]):
                return Domain.FINITE
            return Domain.FRESH
        if any(self.heap.contracts.is_a(name, "the one that runs") for name in names):
            return Domain.OBJECT if self._runners.come_and_go(term) else Domain.VALUE
        if "finite" in given:
            made_anew = names == {"builtins.type"} and len(term[2]) == 3
            return Domain.OBJECT if made_anew else Domain.FINITE
        if "text" in given and term[2]:
            inner = self._deep(term[2][0], depth + 1)
            return inner if inner in {Domain.FINITE, Domain.FRESH} else Domain.TEXT
        if "inner" in given and term[2]:
            fields = (*term[2], *(value for _, value in term[3])) if names == {"builtins.tuple"} else term[2][:1]
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
            rest = term[2][1] if len(term[2]) > 1 else None
            return Domain.FINITE if rest is None else self._deep(rest, depth + 1)
        made = [value[1] for value in self.heap.evaluate(term[1]) if value[0] == "class" and value[1] != "?"]
        if made and all(self.heap.classes.by_value(key) for key in made) and (term[2] or term[3]):
            return min(
                (self._deep(part, depth + 1) for part in (*term[2], *(word for _, word in term[3]))),
                key=ORDER.index,
            )
        callees = [value for value in self.heap.in_order(term[1]) if value[0] in {"func", "method"}]
        found = []
        for callee in callees[:4]:
            key = callee[-1]
            bound = self.heap.calling.bind(
                key, term, self.heap.calling.receiver_term(term, callee) if callee[0] == "method" else None
            )
            for event in self.heap.functions[key].events:
                if event.kind == "return" and is_search_for_unused(event):
                    found.append(Domain.FRESH)
                elif event.kind == "return":
                    found.append(self._deep(self.heap.calling.substituted(event.terms[0], key, bound), depth + 2))
        return min(found, key=ORDER.index) if found else self._by_values(term)

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
                    any(one[0] in {"param", "fresh", "cell"} for one in walk(part)) and not self._parts_fixed(part)
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
        given = [(call, call.bound[term[2]]) for call in calls if term[2] in call.bound]
        found = [self._handed_in(call, one, depth) for call, one in given[:20] if depth < 6]
        if found:
            worst = min(found, key=ORDER.index)
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
        found = set()
        for value in values:
            kind = value[0]
            if kind == "plain":
                found.add(
                    Domain.FINITE
                    if value[1] in _FINITE_TYPES
                    else Domain.TEXT
                    if value[1] == "sequence" or self.heap.contracts.is_a(value[1], "text")
                    else Domain.VALUE
                    if value[1] != "?"
                    else Domain.UNKNOWN
                )
            elif kind == "ext" and (given := self.heap.contracts.keys(value[1])) in {"own", "input"}:
                found.add(Domain.TEXT if given == "input" else Domain.UNKNOWN)
            elif kind in {"class", "anyclass", "metaclass", "module", "none", "ext"}:
                found.add(Domain.OBJECT if self._is_made_anew(value) else Domain.FINITE)
            elif kind == "func":
                found.add(Domain.OBJECT if self.heap.functions[value[1]].parent else Domain.FINITE)
            elif kind in {"self", "inst"}:
                if (value in self.lifetime.long and kind == "inst" and self.lifetime.long[value].depth == 0) or (
                    value[1] in self.heap.names.classes and self.heap.classes.is_enum(value[1])
                ):
                    found.add(Domain.FINITE)
                elif value[1] in self.heap.names.classes and self.heap.classes.by_value(value[1]):
                    found.add(Domain.VALUE)
                else:
                    found.add(Domain.OBJECT)
            elif kind in {"method", "partial", "exc"}:
                found.add(Domain.OBJECT)
            elif kind == "container":
                found.add(Domain.UNKNOWN)
            else:
                found.add(Domain.UNKNOWN)
        if not found:
            return Domain.UNKNOWN
        if found == {Domain.UNKNOWN} and term[0] in {"attr", "name"} and _TEXT_NAME.search(term[2]):
            return Domain.TEXT
        return min(found, key=ORDER.index)
