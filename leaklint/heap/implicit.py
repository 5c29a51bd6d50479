"""Calls that no call in the program spells: of what operators stand for, and of ``__init_subclass__`` by ``type(..)``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leaklint.flow.model import Event
from leaklint.flow.terms import Term
from leaklint.heap.points_to_values import in_order

if TYPE_CHECKING:
    from leaklint.heap.effects import Effects

_METHODS = {
    "+": "add", "-": "sub", "*": "mul", "/": "truediv", "//": "floordiv", "%": "mod", "**": "pow", "<<": "lshift",
    ">>": "rshift", "|": "or", "^": "xor", "&": "and", "@": "matmul",
}  # fmt: skip


def note_operator(effects: Effects, key: str, event: Event) -> None:
    """``changed += self.refresh`` calls ``__iadd__``, or ``__add__`` where there is none; ``pipe << step`` ``__lshift__``."""
    left, right = event.terms
    name = _METHODS.get(event.name, "")
    in_place = event.kind == "extend" and _is_defined(effects, left, f"__i{name}__")
    effects._methods(key, event, left, (f"__{'i' if in_place else ''}{name}__",), (right,))
    effects._methods(key, event, right, (f"__r{name}__",), (left,))


def _is_defined(effects: Effects, term: Term, name: str) -> bool:
    return any(
        effects.heap.classes.method(value[1], name) is not None
        for value in effects.heap.evaluate(term)
        if value[0] in {"inst", "self"} and value[1] in effects.heap.names.classes
    )


def note_class_made(effects: Effects, key: str, event: Event, term: Term) -> None:
    """``type(name, (Base,), space)``: the base is told of a class that is made anew."""
    heap = effects.heap
    for base in in_order(heap.attributes.with_given(("iter", term[2][1]))):
        method = heap.classes.method(base[1], "__init_subclass__") if base[0] == "class" else None
        if method is not None:
            heap.classes.made_anew.update(heap.classes.order(base[1]))
            bound = heap.calling.bind(method, ("call", term[1], (), (), term[4]), term)
            effects._edge(key, event, term, method, bound)
