"""Decorators that remember what they decorate: one entry for each definition, however often that is called."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from leaklint.flow.terms import Term, options, walk
from leaklint.heap.effects import Effect
from leaklint.heap.retained_objects import Retained

if TYPE_CHECKING:
    from leaklint.heap.retention import Heap


class Decorators:
    """Tells stores that decorators make."""

    def __init__(self, heap: Heap) -> None:
        self.heap = heap

    def remember(self, effect: Effect, retained: Retained) -> bool:
        """Tell whether it is by a decorator, or by what one calls for it, that a store comes to keep something."""
        own = [part for part in (effect.key, effect.value) if part is not None]
        calls = retained.chain or effect.chain
        steps = [(effect.function, own), *((call.caller, [*call.bound.values()]) for call in calls)]
        return any(self._is_decorator(key, terms) for key, terms in steps)

    def _is_decorator(self, key: str, terms: list[Term]) -> bool:
        """Tell whether a function is a decorator that stores terms: what it decorates is stored, and given back or wrapped.

        A plain function that gives back its argument is one only where the program uses it with ``@``; one that is
        called while the program runs is none.
        """
        function = self.heap.points_to.functions[key]
        given = {("param", key, param.name) for param in function.params if param.name not in {"self", "cls"}}
        stored = given & self._with_captures(terms)
        inner = function.name == "__call__" or bool(function.parent)
        if not stored or not (inner or key in self._used_as_decorators) or self._is_called(key):
            return False
        returned = (term for event in function.events if event.kind == "return" for term in options(event.terms[0]))
        return any(
            term in stored or not stored.isdisjoint(self._captured(term))
            or (bool(function.parent) and term in terms and not stored.isdisjoint(walk(term)))
            for term in returned
        )  # fmt: skip

    def _with_captures(self, terms: list[Term]) -> set[Term]:
        """Return what terms are made of, with what the functions in them capture."""
        parts = {one for term in terms for one in walk(term)}
        return parts.union(*(self._captured(one) for one in parts if one[0] == "func"))

    def _captured(self, term: Term) -> set[Term]:
        """Return what the functions in a term capture: of a wrapper, or of an object that is made with one."""
        return {one for part in walk(term) if part[0] == "func" for one in self.heap.keeping.captures(part[1])}

    @cached_property
    def _used_as_decorators(self) -> frozenset[str]:
        """Return the functions of the program that it uses with ``@``."""
        points_to = self.heap.points_to
        decorators = [one for function in points_to.functions.values() for one in function.decorators]
        decorators += [one for klass in points_to.names.classes.values() for one in klass.decorators]
        found = (value for one in decorators for value in points_to.evaluate(one.term))
        return frozenset(value[-1] for value in found if value[0] in {"func", "method"})

    def _is_called(self, key: str) -> bool:
        """Tell whether the program calls a function, or one that it is made in, in the course of its work.

        Module and class bodies do not, nor does who gives on what the call returns: that is a decorator in its turn.
        """
        functions = self.heap.points_to.functions
        keys = [key]
        while functions[keys[-1]].parent:
            keys.append(functions[keys[-1]].parent)
        calls = [call for one in keys for call in self.heap.effects.calls.get(one, ()) if call.caller not in keys]
        return any(
            functions[call.caller].kind not in {"module", "class"}
            and (self._is_wrapper(call.caller) or not self.heap.multiplicity.is_returned(call))
            for call in calls
        )

    def _is_wrapper(self, key: str) -> bool:
        """Tell whether a function is made by a decorator, so that it runs whenever what is decorated is called."""
        used = self._used_as_decorators
        return key not in used and self.heap.points_to.functions[key].parent in used
