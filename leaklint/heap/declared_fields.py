"""Attributes that classes declare by objects, such as columns, and that constructors set under names worked out from these."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from leaklint.flow.terms import UNKNOWN, Term, options, rebuilt
from leaklint.heap.namespaces import is_constructor, is_namespace

if TYPE_CHECKING:
    from leaklint.heap.effects import Effects


class DeclaredFields:
    """Answers what objects have for attributes of which their class only says how values are made."""

    def __init__(self, effects: Effects) -> None:
        """Take the effects of a program."""
        self.effects = effects
        self.heap = effects.heap

    @cached_property
    def _set(self) -> dict[str, list[Term]]:
        """Return what constructors set under computed names, by the class of the constructor."""
        by_class: dict[str, list[Term]] = {}
        for effect in self.effects.effects:
            function = self.heap.functions[effect.function]
            own = function.owner and is_constructor(function.name) and function.params and not effect.chain
            if own and effect.kind == "store" and is_namespace(effect.container) and effect.value is not None:
                if effect.base == ("param", function.key, function.params[0].name):
                    by_class.setdefault(function.owner, []).append(effect.value)
        return by_class

    def of(self, term: Term) -> list[Term] | None:
        """Return the terms of what a declared attribute of an object may be, unknown ones included; None for any other."""
        if term[0] != "attr" or not self._set:
            return None
        owners = [value[1] for value in self.heap.evaluate(term[1]) if value[0] in {"self", "inst"}]
        terms = [value for owner in owners for value in self._of_class(owner, term[2])]
        return terms or None

    def _of_class(self, owner: str, name: str) -> Iterator[Term]:
        classes, every = self.heap.classes, self.heap.names.classes
        values = [value for cls in classes.order(owner) for value in self._set.get(cls, ())]
        for cls in sorted({*classes.order(owner), *classes.below(owner)} & every.keys()) if values else ():
            declared = every[cls].attributes.get(name)
            if declared is not None and declared[0][0] == "call":
                for value in values:
                    yield from self._made_by(declared[0], value)

    def _made_by(self, declared: Term, value: Term) -> Iterator[Term]:
        """Yield what the object of a declaration returns where each one of these makes the value of its attribute."""
        callee = value[1] if value[0] == "call" else UNKNOWN
        owners = [value[1] for value in self.heap.evaluate(declared) if value[0] == "inst"]
        methods = {self.heap.classes.method(owner, callee[2]) for owner in owners} if callee[0] == "attr" else {None}
        for method in methods or {None}:
            function = self.heap.functions[method] if method is not None else None
            if function is None or function.yields or not function.params:
                yield UNKNOWN
                continue
            bound = {function.params[0].name: declared}
            for event in function.events:
                for option in options(event.terms[0]) if event.kind == "return" else ():
                    yield self._resolved(self.heap.calling.substituted(option, function.key, bound), declared)

    def _resolved(self, term: Term, declared: Term) -> Term:
        """Return a term with the fields of a declaration replaced by what its constructor is given for them."""

        def change(part: Term) -> Term | None:
            return self._field(part[2], declared) if part[0] == "attr" and part[1] == declared else None

        return rebuilt(term, change)

    def _field(self, name: str, declared: Term) -> Term | None:
        for owner in (value[1] for value in self.heap.evaluate(declared) if value[0] == "inst"):
            init = self.heap.classes.method(owner, "__init__")
            assigned = [event.terms[1] for key, event in self.heap.attributes.field_terms(owner, name) if key == init]
            if init is not None and len(assigned) == 1 and assigned[0][:2] == ("param", init):
                default = next(
                    (param.default for param in self.heap.functions[init].params if param.name == assigned[0][2]), None
                )
                return self.heap.calling.bind(init, declared, declared).get(assigned[0][2], default)
        return None
