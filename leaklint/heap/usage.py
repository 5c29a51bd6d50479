"""What a function does with a parameter says what it is: attributes are read of objects, numbers are reckoned with."""

from __future__ import annotations

from functools import cached_property

from leaklint.flow.terms import Term, walk
from leaklint.heap.points_to import PointsTo

_PLAIN_ATTRIBUTES = frozenset(name for kind in (str, bytes, int, float, tuple) for name in dir(kind))
_ARITHMETIC = frozenset({"-", "*", "/", "//", "%", "**", "<<", ">>", "<", "<=", ">", ">=", "neg"})


class Usage:
    """Guesses what parameters without annotation and without seen callers are."""

    def __init__(self, heap: PointsTo) -> None:
        self.heap = heap
        self._known: dict[tuple[str, str], str] = {}

    def of(self, key: str, name: str) -> str:
        """Return ``object``, ``plain`` or nothing, by what is done to a parameter of a function."""
        known = self._known.get((key, name))
        if known is None:
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
                    if term[0] == "attr" and is_param(term[1]):
                        if term[2] not in _PLAIN_ATTRIBUTES or term not in called:
                            return "object"
                        found = found or "plain"
                    elif _by_text(term) and is_param(term[1]):
                        return "object"
                    elif term[0] == "op" and term[1] in _ARITHMETIC and any(map(is_param, term[2])):
                        found = found or "plain"
                    elif term[0] == "call" and is_param(term[1]):
                        return "callable"
                    elif term[0] == "text" and any(map(is_param, term[1])):
                        found = found or "plain"
            if event.kind == "setattr" and is_param(event.terms[0]):
                return "object"
        return found


def _by_text(term: Term) -> bool:
    """Tell whether a term is an element under a text: of a mapping, that is."""
    return bool(term[0] == "elem" and term[2][0] == "const" and term[2][2] == "str")
