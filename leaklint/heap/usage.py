"""What a function does with a parameter says what it is: attributes are read of objects, numbers are reckoned with."""

from __future__ import annotations

import re
from functools import cached_property

from leaklint.flow.terms import Term, walk
from leaklint.heap.points_to import PointsTo

_PLAIN_ATTRIBUTES = frozenset(name for kind in (str, bytes, int, float, tuple) for name in dir(kind))
_CLASS_NAME = re.compile(r"(^|_)(cls|klass|class_?|type_?)$")
_OF_DEFINITIONS = frozenset({"__name__", "__qualname__", "__mro__", "__bases__", "__subclasses__"})
_ARITHMETIC = frozenset({"-", "*", "/", "//", "%", "**", "<<", ">>", "<", "<=", ">", ">=", "neg"})


def is_for_classes(name: str) -> bool:
    """Tell whether a parameter is for classes by its name: only ever a reason to be less sure."""
    return bool(_CLASS_NAME.search(name))


class Usage:
    """Guesses what parameters without annotation and without seen callers are."""

    def __init__(self, heap: PointsTo) -> None:
        self.heap = heap
        self._known: dict[tuple[str, str], str] = {}

    def of(self, key: str, name: str) -> str:
        """Return ``object``, ``callable``, ``definition``, ``plain`` or nothing, by what a function does to a parameter."""
        known = self._known.get((key, name))
        if known is None:
            self._known[key, name] = ""  # what a call of the function by itself says
            known = self._known[key, name] = self._of(key, name)
        return known

    def of_field(self, name: str) -> str:
        """Return ``object`` or ``plain`` by what the program does with attributes of this name."""
        return self._fields.get(name, "")

    @cached_property
    def _fields(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for function in self.heap.functions.values():
            for event in function.events:
                for top in event.terms:
                    called = {term[1] for term in walk(top) if term[0] == "call"}
                    for term in walk(top):
                        if term[0] == "attr" and term[1][0] == "attr":
                            if term[2] not in _PLAIN_ATTRIBUTES or term not in called:
                                found[term[1][2]] = "object"
                            else:
                                found.setdefault(term[1][2], "plain")
                        elif _by_text(term) and term[1][0] == "attr":
                            found[term[1][2]] = "object"
                        elif term[0] == "text" or (term[0] == "op" and term[1] in _ARITHMETIC):
                            for part in term[1] if term[0] == "text" else term[2]:
                                if part[0] == "attr":
                                    found.setdefault(part[2], "plain")
        return found

    def _of(self, key: str, name: str) -> str:
        function = self.heap.functions.get(key)
        if function is None:
            return ""
        param: Term = ("param", key, name)
        several = any(one.name == name and one.kind in {"*", "**"} for one in function.params)

        def is_param(term: Term) -> bool:
            return term[0] in {"iter", "elem"} and term[1] == param if several else term == param

        found = ""
        for event in function.events:
            for top in (*event.terms, *(guard.test for guard in event.guards)):
                called = {term[1] for term in walk(top) if term[0] == "call"}
                for term in walk(top):
                    if term[0] == "attr" and is_param(term[1]) and term[2] in _OF_DEFINITIONS:
                        found = found or "definition"
                    elif term[0] == "attr" and is_param(term[1]):
                        if term[2] not in _PLAIN_ATTRIBUTES or term not in called:
                            return "object"
                        found = found or "plain"
                    elif _by_text(term) and is_param(term[1]):
                        return "object"
                    elif term[0] == "op" and term[1] in _ARITHMETIC and any(map(is_param, term[2])):
                        found = found or "plain"
                    elif term[0] == "call" and is_param(term[1]):
                        return "callable"
                    elif term[0] == "call" and any(map(is_param, term[2])):
                        told = self._as_argument(term, [number for number, one in enumerate(term[2]) if is_param(one)])
                        if told == "object":
                            return told
                        found = found or told
                    elif (term[0] == "text" and any(map(is_param, term[1]))) or (
                        _is_compared(term) and any(map(is_param, term[2]))
                    ):
                        found = found or "plain"
            if event.kind == "setattr" and is_param(event.terms[0]):
                return "object"
        return found

    def _as_argument(self, term: Term, positions: list[int]) -> str:
        """Return what a call says of its arguments at some positions: by contract, or by what the callee does with them."""
        found = ""
        for callee in self.heap.evaluate(term[1]):
            if callee[0] == "ext":
                if any(self.heap.contracts.takes_plain(callee[1], position) for position in positions):
                    found = found or "plain"
            elif callee[0] in {"func", "method"}:
                receiver: Term | None = ("unknown",) if callee[0] == "method" else None
                bound = self.heap.calling.bind(callee[-1], term, receiver)
                for name in [name for name, given in bound.items() if given in [term[2][one] for one in positions]]:
                    told = self.of(callee[-1], name)
                    if told == "object":
                        return told
                    found = found or told
        return found


def _is_compared(term: Term) -> bool:
    """Tell whether a term compares with a text or a number that is written out, or with several of them."""
    if term[0] != "op" or term[1] not in {"==", "!=", "in", "not in"} or len(term[2]) != 2:
        return False
    right = term[2][1]
    parts = right[1] if right[0] in {"tuple", "list", "set"} and term[1] in {"in", "not in"} else (right,)
    return bool(parts) and all(part[0] == "const" and part[2] in {"str", "int", "float", "bytes"} for part in parts)


def _by_text(term: Term) -> bool:
    """Tell whether a term is an element under a text: of a mapping, that is."""
    return bool(term[0] == "elem" and term[2][0] == "const" and term[2][2] == "str")
