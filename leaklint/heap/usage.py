"""What a function does with a parameter says what it is: attributes are read of objects, numbers are reckoned with."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
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
        """Return what attributes are by what any function does with them, by name; one use as an object decides."""
        kinds: dict[str, str] = {}
        events = (event for function in self.heap.functions.values() for event in function.events)
        for name, kind in (use for event in events for top in event.terms for use in _uses_of_attributes(top)):
            if kind == "object":
                kinds[name] = kind
            else:
                kinds.setdefault(name, kind)
        return kinds

    def _of(self, key: str, name: str) -> str:
        function = self.heap.functions.get(key)
        if function is None:
            return ""
        param: Term = ("param", key, name)
        declared = next((param for param in function.params if param.name == name), None)
        if declared is not None and self.heap.annotations.is_callable(declared.annotation):
            return "callable"
        several = declared is not None and declared.kind in {"*", "**"}

        def is_param(term: Term) -> bool:
            return term[0] in {"iter", "elem"} and term[1] == param if several else term == param

        first = ""
        for event in function.events:
            for top in (*event.terms, *(guard.test for guard in event.guards)):
                for use, is_decisive in self._uses_in(top, is_param):
                    if is_decisive:
                        return use
                    first = first or use
            if event.kind == "setattr" and is_param(event.terms[0]):
                return "object"
        return first

    def _uses_in(self, top: Term, is_param: Callable[[Term], bool]) -> Iterator[tuple[str, bool]]:
        """Yield what each use of a parameter in a term says that it is, and whether that says more than all other uses."""
        called = {term[1] for term in walk(top) if term[0] == "call"}
        for term in walk(top):
            if term[0] == "attr" and is_param(term[1]) and term[2] in _OF_DEFINITIONS:
                yield "definition", False
            elif term[0] == "attr" and is_param(term[1]) and term[2] in _PLAIN_ATTRIBUTES and term in called:
                yield "plain", False
            elif (term[0] == "attr" or _by_text(term)) and is_param(term[1]):
                yield "object", True
            elif term[0] == "op" and term[1] in _ARITHMETIC and any(map(is_param, term[2])):
                yield "plain", False
            elif term[0] == "call" and is_param(term[1]):
                yield "callable", True
            elif term[0] == "call" and any(map(is_param, term[2])):
                use = self._as_argument(term, [place for place, part in enumerate(term[2]) if is_param(part)])
                yield use, use == "object"
            elif (term[0] == "text" and any(map(is_param, term[1]))) or (
                _is_compared(term) and any(map(is_param, term[2]))
            ):
                yield "plain", False

    def _as_argument(self, term: Term, places: list[int]) -> str:
        """Return what a call says of its arguments at some places: by contract, or by what the callee does with them."""
        first = ""
        passed = [term[2][place] for place in places]
        for callee in self.heap.evaluate(term[1]):
            if callee[0] == "ext" and any(self.heap.contracts.takes_plain(callee[1], place) for place in places):
                first = first or "plain"
            elif callee[0] in {"func", "method"}:
                receiver: Term | None = ("unknown",) if callee[0] == "method" else None
                bound = self.heap.calling.bind(callee[-1], term, receiver)
                for name in [name for name, argument in bound.items() if argument in passed]:
                    use = self.of(callee[-1], name)
                    if use == "object":
                        return use
                    first = first or use
        return first


def _uses_of_attributes(top: Term) -> Iterator[tuple[str, str]]:
    """Yield the names of the attributes that a term reads something of or reckons with, with what that says they are."""
    called = {term[1] for term in walk(top) if term[0] == "call"}
    for term in walk(top):
        if term[0] == "attr" and term[1][0] == "attr":
            yield term[1][2], "plain" if term[2] in _PLAIN_ATTRIBUTES and term in called else "object"
        elif _by_text(term) and term[1][0] == "attr":
            yield term[1][2], "object"
        elif term[0] == "text" or (term[0] == "op" and term[1] in _ARITHMETIC):
            parts = term[1] if term[0] == "text" else term[2]
            yield from ((part[2], "plain") for part in parts if part[0] == "attr")


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
