"""Values that never compare equal: by what sort of thing they are, as far as each of them is known."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from leaklint.contracts.texts import GIVING_PARTS
from leaklint.flow.terms import Term, alternatives, options, walk
from leaklint.heap.arguments import attribute_given
from leaklint.heap.declared_fields import DeclaredFields
from leaklint.heap.effects import Effect, Effects
from leaklint.heap.layers import reached
from leaklint.heap.read_data import is_cell

if TYPE_CHECKING:
    from leaklint.heap.retained_objects import Retained

# By type of a plain value: which of them may be equal.
_PLAIN = {"str": "text", "bytes": "bytes", "int": "number", "float": "number", "bool": "number", "complex": "number"}
_FUNCTIONS = frozenset({"func", "method", "cmethod", "partial"})
_CONTAINERS = {
    "tuple": "tuple", "list": "list", "dict": "dict", "defaultdict": "dict", "counter": "dict", "set": "set",
    "frozenset": "set", "deque": "deque",
}  # fmt: skip
_CLASSES = frozenset({"class", "anyclass", "metaclass"})
_TEXTS = frozenset({"text", "bytes"})
_WITH_PARTS = frozenset({"tuple"})
_CALLERS = 4  # how many callers up a parameter is followed


class Equality:
    """Tells sorts of values apart."""

    def __init__(self, effects: Effects) -> None:
        self.effects = effects
        self.heap = effects.heap
        self.declared = DeclaredFields(effects)
        self._known: dict[tuple[Term, int], frozenset[str]] = {}

    def differ(self, term: Term, other: Term) -> bool:
        """Tell whether two terms never denote equal values."""
        if self._is_text_around(term, other) or self._is_text_around(other, term):
            return True
        left, right = self._sorts(term, 0), self._sorts(other, 0)
        if left and right and left.isdisjoint(right):
            return True
        if not left | right <= _WITH_PARTS:
            return False
        lengths = [number for option in (term, other) if (number := self._length(option)) is not None]
        if len(set(lengths)) > 1:
            return True
        return any(mine and yours and mine.isdisjoint(yours) for mine, yours in self._in_pairs(term, other))

    def _is_text_around(self, text: Term, part: Term) -> bool:
        """Tell whether a term is a text that is made of another one and of more: ``f"tile-{number}"`` of ``number``."""
        inner = [option for option in self._options(part) if option[0] not in {"const", "unknown"}]
        around = self._options(text) if inner else []
        return bool(around) and all(option in self._pieces(whole) for whole in around for option in inner)

    def _pieces(self, term: Term) -> list[Term]:
        """Return the terms that a text which has a constant part as well is put together of."""
        if term[0] == "text":
            return list(term[1]) if term[2] else []
        if term[:2] != ("op", "+") or not any(part[0] == "const" and part[1] not in {"''", "b''"} for part in term[2]):
            return []
        asked = [part for part in term[2] if part[0] == "call" and len(part[2]) == 1]
        named = [part[2][0] for part in asked if self.heap.evaluate(part[1]) == {("ext", "builtins.str")}]
        return [*(part for part in term[2] if self.heap.evaluate(part) == {("plain", "str")}), *named]

    def _options(self, term: Term) -> list[Term]:
        """Return the terms that a term may stand for, those of the variable of a function around included."""
        return [option for part in (self.heap.cell(term) if term[0] == "cell" else (term,)) for option in options(part)]

    def _length(self, term: Term) -> int | None:
        """Return how many parts a tuple has, a named one included; None where that is not known."""
        if term[0] == "tuple":
            return self._written_length(term)
        if term[0] == "call" and self.heap.evaluate(term[1]) == {("ext", "builtins.tuple")}:
            return self._declared_length(term[1])
        values = self.heap.evaluate(term)
        lengths = {len(self._field_names(value[1])) if value[0] in {"self", "inst"} else 0 for value in values}
        return lengths.pop() or None if len(lengths) == 1 else None

    @staticmethod
    def _written_length(term: Term) -> int | None:
        """Return how many parts a list or a tuple has that is written out; None where that is not known."""
        known = term[0] in {"list", "tuple"} and all(part[0] != "star" for part in term[1])
        return len(term[1]) if known else None

    def _declared_length(self, maker: Term) -> int | None:
        """Return how many fields a named tuple has that a call declares: ``namedtuple("Pair", "left right")``."""
        names = self.heap.names
        values = names.assigned_to(names.name(maker[1], maker[2])) if maker[0] == "name" else ()
        call = values[0] if len(values) == 1 else maker
        fields = call[2][1] if call[0] == "call" and len(call[2]) > 1 else maker
        if fields[::2] == ("const", "str"):
            return len(fields[1].strip("'\"").replace(",", " ").split()) or None
        return self._written_length(fields)

    def _field_names(self, key: str) -> list[str]:
        """Return the names of the fields of a named tuple that a class statement makes; what heirs of it declare is none."""
        declaring = next((cls for cls in reversed(self.heap.classes.order(key)) if self._is_named_tuple(cls)), None)
        return list(self.heap.names.classes[declaring].annotations) if declaring is not None else []

    def _is_named_tuple(self, key: str) -> bool:
        return any(self.heap.contracts.returned(base) == "named tuple" for base in self.heap.classes.outside(key))

    def _in_pairs(self, term: Term, other: Term) -> Iterator[tuple[frozenset[str], frozenset[str]]]:
        """Yield the sorts of the parts of two tuples, place by place, as far as each is one tuple whose parts are known."""
        left, right = self._parts(term), self._parts(other)
        if left and right:
            longest = max(len(left), len(right))
            yield from list(zip(*(part * longest if len(part) == 1 else part for part in (left, right)), strict=False))

    def _parts(self, term: Term) -> list[frozenset[str]]:
        """Return the sorts of the parts of a tuple; a single one where all are of one sort; none where it is not known."""
        if term[0] == "tuple":
            return [] if any(part[0] == "star" for part in term[1]) else [self._sorts(part, 0) for part in term[1]]
        if term[0] == "attr":
            return self._parts_of_property(term)
        if term[0] != "call":
            return []
        callees = self.heap.evaluate(term[1])
        if callees == {("ext", "builtins.tuple")} and len(term[2]) == 1 and term[2][0][0] == "call":
            split = term[2][0][1]
            texts = split[0] == "attr" and split[2] in GIVING_PARTS and self._sorts(split[1], 0) <= _TEXTS
            return [_TEXTS] if texts else []
        if len(callees) != 1:
            return []
        (callee,) = callees
        if callee[0] not in {"func", "method"}:
            return []
        receiver = self.heap.calling.receiver_term(term, callee) if callee[0] == "method" else None
        bound = self.heap.calling.bind(callee[-1], term, receiver)
        returned = [event.terms[0] for event in self.heap.functions[callee[-1]].events if event.kind == "return"]
        if len(returned) != 1 or returned[0][0] != "tuple":
            return []
        return self._parts(self.heap.calling.substituted(returned[0], callee[-1], bound))

    def _parts_of_property(self, term: Term) -> list[frozenset[str]]:
        """Return the sorts of the parts of a tuple that a property gives."""
        returned = self._of_property(term)
        return self._parts(returned[0]) if len(returned) == 1 and returned[0][0] == "tuple" else []

    def _of_property(self, term: Term) -> list[Term]:
        """Return what the property returns that a term reads: of the object's class, or of the only one that has it."""
        classes = self.heap.classes
        values = self.heap.evaluate(term[1])
        owners = {value[1] for value in values if value[0] in {"self", "inst"}} or {classes.uppermost(term[2])}
        methods = {classes.method(owner, term[2]) if owner is not None else None for owner in owners}
        function = self.heap.functions[key] if len(methods) == 1 and (key := methods.pop()) is not None else None
        if function is None or "property" not in self.heap.attributes.decoration(function):
            return []
        return [event.terms[0] for event in function.events if event.kind == "return"]

    def field_values(self, term: Term) -> list[Term]:
        """Return the terms of what an attribute may be: what is assigned to it, or what the property of that name returns."""
        if term[0] != "attr":
            return []
        values = self.heap.evaluate(term[1])
        objects = [value for value in values if value[0] in {"self", "inst"}]
        owners = [value[1] for value in objects if value[1] in self.heap.names.classes]
        assigned = (event.terms[1] for one in owners for _, event in self.heap.attributes.field_terms(one, term[2]))
        return [value for given in assigned for value in alternatives(given)] or self._of_property(term)

    def made_with(self, term: Term) -> list[Term]:
        """Return what objects of another package were made with, where a term asks for it: ``task.get_name()``.

        Callers hand in the objects: ``create_task(work, name=name)``.
        """
        if term[0] != "call" or term[1][0] != "attr" or term[2]:
            return []
        asked = term[1][1]
        objects = self.given(asked) if asked[0] == "param" else [asked]
        given = [attribute_given(self.heap, ("attr", one, term[1][2])) for one in objects]
        return [one for one in given if one is not None] if None not in given else []

    def is_known(self, term: Term) -> bool:
        """Tell whether it is known of which sorts a term's values are."""
        return bool(self._sorts(term, 0))

    def differs_from(self, term: Term, retained: Retained) -> bool:
        """Tell whether a term never denotes what equals an object that is kept, nor a container that may hold it."""
        sorts = self._sorts(term, 0)
        if not sorts.isdisjoint(_CONTAINERS.values()):
            return False
        if retained.kind in {"method", "closure", "function"}:
            sort = "function"
        else:
            sort = self._of_object(retained.cls) if retained.kind in {"self", "instance"} else ""
        return bool(sorts) and bool(sort) and sort not in sorts

    def is_part(self, removed: Term, store: Effect, stored: Term) -> bool:
        """Tell whether what is to be taken out is, by the name of its parameter, a part of what was put in, or the reverse.

        ``self._entries.append((priority, hook))`` in one function, ``self._entries.remove(hook)`` in another one.
        """
        for part, whole in ((removed, stored), (stored, removed)):
            if part[0] == "param" and whole[0] == "tuple" and part[1] not in {param[1] for param in _params(whole)}:
                named = any(inner[0] == "param" and inner[2] == part[2] for inner in whole[1])
                if named and not self.given(part) and not self.is_returned(store.function, whole):
                    return True
        return False

    def is_returned(self, function: str, term: Term) -> bool:
        """Tell whether a function gives a term to its callers, alone or inside of something."""
        events = self.heap.functions[function].events
        return any(event.kind in {"return", "yield"} and term in list(walk(event.terms[0])) for event in events)

    def given(self, param: Term) -> list[Term]:
        """Return what the callers that are seen hand in for a parameter."""
        return [given for _, given in self.heap.calling.given_for(param)]

    def _sorts(self, term: Term, depth: int) -> frozenset[str]:
        """Return the sorts of values that a term may denote; none where any of them is unknown."""
        if (term, depth) not in self._known:
            self._known[term, depth] = self._worked_out(term, depth)
        return self._known[term, depth]

    def _worked_out(self, term: Term, depth: int) -> frozenset[str]:
        result: set[str] = set()
        for option in self._options(term):
            if option in self._coroutines:
                result.add("coroutine")
                continue
            if (
                option[0] == "call"
                and len(option[2]) == 1
                and self.heap.evaluate(option[1]) == {("ext", "builtins.type")}
            ):
                result.add("class")
                continue
            if (inner := self._inner(option)) is not None:
                sorts = [self._sorts(part, depth + 1) if depth < _CALLERS else frozenset() for part in inner]
                if not all(sorts):
                    return frozenset()
                result.update(*sorts)
                continue
            values = self.heap.evaluate(option)
            for value in values:
                sort = self._sort(value, depth)
                if not sort:
                    return frozenset()
                result.update(sort.split())
            if not values:
                return frozenset()
        return frozenset(result)

    def _inner(self, term: Term) -> list[Term] | None:
        """Return the terms that say what another one is: a declared attribute, a cell of a table, an argument by keyword."""
        if is_cell(self.heap, term):
            return [("text", (), "")]
        if term[0] == "elem" and term[1][0] == "param" and term[2][0] == "const" and (calls := self._by_words(term[1])):
            word = str(term[2][1]).strip("'\"")
            words = (dict(call[3]) for call in calls)
            return [given[word] if word in given else ("elem", given["**"], term[2]) for given in words]
        return self.declared.of(term)

    def _by_words(self, param: Term) -> list[Term]:
        """Return the calls that give keywords for ``**words``; where nobody calls the function by name, those of any class.

        A metaclass's call is made by whoever calls a class that is handed in.
        """
        function = self.heap.functions[param[1]]
        if not any(parameter.name == param[2] and parameter.kind == "**" for parameter in function.params):
            return []
        named = [call.term for call in self.effects.calls.get(param[1], ())]
        handed = (
            self._calls_of_params
            if function.name == "__call__" and self.heap.classes.is_metaclass(function.owner)
            else []
        )
        calls = [call for call in named or handed if "**" in dict(call[3])]
        return calls if len(calls) == len(named or handed) else []

    @cached_property
    def _calls_of_params(self) -> list[Term]:
        """Return the calls by keywords of what functions are handed."""
        events = (event for function in self.heap.functions.values() for event in function.events)
        calls = (event.terms[0] for event in events if event.kind == "call")
        return [call for call in calls if "**" in dict(call[3]) and self.heap.evaluate(call[1]) == {call[1]}]

    @cached_property
    def _coroutines(self) -> frozenset[Term]:
        """Return the terms that are given to what makes tasks of coroutines and takes nothing else, by whatever way."""
        calls = (
            external.call
            for external in self.effects.external
            if self.heap.contracts.is_a(external.name, "takes a coroutine")
        )
        handed = {option for call in calls for given in call[2][:1] for option in options(given)}
        return frozenset(reached(handed, self._options_given))

    def _options_given(self, term: Term) -> Iterator[Term]:
        """Yield what callers may hand in for a parameter; nothing for another term."""
        for given in self.given(term) if term[0] == "param" else ():
            yield from options(given)

    def _sort(self, value: Term, depth: int) -> str:
        """Return the sorts of one abstract value, with blanks between them; nothing for one that is unknown."""
        kind = value[0]
        if kind == "plain":
            return _PLAIN.get(value[1], "")
        if kind == "container":
            return _CONTAINERS.get(value[1], "") if value[2][:1] != ("class",) else ""
        if kind in _FUNCTIONS:
            return "function"
        if kind in _CLASSES:
            return "class"
        if kind in {"self", "inst"}:
            return self._of_object(value[1])
        if (
            kind == "extinst"
        ):  # some classes of the standard library equal numbers, none of those that are not plain text
            klass = value[1].rpartition(".")[2]
            return "object number" if is_standard(value[1]) and klass[:1].isupper() else ""
        if kind == "param" and depth < _CALLERS:
            return self._of_param(value, depth)
        return "none" if kind == "none" else ""

    def _of_param(self, param: Term, depth: int) -> str:
        """Return the sorts of what the callers that are seen hand in; nothing where that of any of them is unknown."""
        result: set[str] = set()
        for given in self.given(param):
            sorts = self._sorts(given, depth + 1)
            if not sorts:
                return ""
            result |= sorts
        return " ".join(sorted(result))

    def _of_object(self, key: str) -> str:
        classes = self.heap.classes
        if key not in self.heap.names.classes:
            return ""
        every = classes.below(key)
        if any(classes.is_enum(heir) for heir in every):
            return ""
        if not all(is_standard(base) for heir in every for base in classes.outside(heir)):
            return ""
        if all(map(self._is_named_tuple, every)):
            return "" if any(classes.method(heir, "__eq__") for heir in every) else "tuple"
        sorts = {self._compared(heir) for heir in every}
        return "" if "" in sorts else " ".join(sorted(sorts))

    def _compared(self, key: str) -> str:
        """Return whether objects of a class equal only themselves, or others of the same class as well; else nothing."""
        classes = self.heap.classes
        if not classes.by_value(key):
            return "object"
        written = classes.method(key, "__eq__") is not None or classes.is_by_nature(key, "value")
        return "" if written else "record"


def _params(term: Term) -> list[Term]:
    return [part for part in walk(term) if part[0] == "param"]


def is_standard(name: str) -> bool:
    """Tell whether something of this dotted name is of the standard library."""
    return name.partition(".")[0] in sys.stdlib_module_names
