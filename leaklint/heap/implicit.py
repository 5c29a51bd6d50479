"""Calls that no call in the program spells: of what operators stand for, and of ``__init_subclass__`` by ``type(..)``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leaklint.contracts.containers import ADDERS, REMOVERS
from leaklint.flow.model import Event
from leaklint.flow.terms import UNKNOWN, Term
from leaklint.heap.arguments import argument_at

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
    effects.methods(key, event, left, (f"__{'i' if in_place else ''}{name}__",), (right,))
    effects.methods(key, event, right, (f"__r{name}__",), (left,))


def _is_defined(effects: Effects, term: Term, name: str) -> bool:
    return any(
        effects.heap.classes.method(value[1], name) is not None
        for value in effects.heap.evaluate(term)
        if value[0] in {"inst", "self"} and value[1] in effects.heap.names.classes
    )


def note_outside(effects: Effects, key: str, event: Event, term: Term, name: str) -> None:
    """Note what a function of Python does by its name: it makes a class, or calls what it is handed."""
    _note_class_made(effects, key, event, term, name)
    _note_unbound(effects, key, event, term, name)
    _note_applied(effects, key, event, term, name)


def _note_unbound(effects: Effects, key: str, event: Event, term: Term, name: str) -> None:
    """``list.append(names, name)`` does what ``names.append(name)`` does, ``operator.setitem`` what ``__setitem__`` does."""
    owner, _, word = name.rpartition(".")
    klass = effects.heap.contracts.klass(owner)
    method = f"__{word}__" if owner == "operator" else word if klass is not None and klass.container else ""
    if (method not in ADDERS and method not in REMOVERS) or not term[2] or term[2][0][0] == "star":
        return
    base = term[2][0]
    bound = ("call", ("attr", base, method), term[2][1:], term[3], term[4])
    event = event._replace(terms=(bound,))
    for container in effects.containers_of(effects.heap.attributes.with_given(base)):
        effects.container_method(key, event, bound, ("cmethod", container, method))
    effects.open(key, event, "call", method, base, bound, None)


def _note_applied(effects: Effects, key: str, event: Event, term: Term, name: str) -> None:
    """``map(table.add, names)`` calls its first argument with each of the others, ``pool.submit(run, job)`` with all."""
    given = term[2][1:]
    if effects.heap.contracts.is_a(name, "calls for each"):
        given = tuple(("iter", one) for one in given)
    elif not effects.heap.contracts.is_a(name, "calls with the rest"):
        return
    for callee in effects.heap.ordered(effects.heap.attributes.with_given(term[2][0])) if given else ():
        if callee[0] in {"func", "method", "cmethod", "partial", "inst", "self"}:
            effects.called(key, event, ("call", term[2][0], given, (), term[4]), callee, 1)


def note_handed(effects: Effects, key: str, event: Event, term: Term) -> None:
    """``call(rows.append, row)``: what callers hand in to be called is called with what these same callers hand in."""
    heap, before = effects.heap, len(effects.effects)
    for call, given in heap.calling.given_for(term[1]) if term[1][0] == "param" else ():
        inner = heap.calling.substituted(term, key, call.bound)
        parts = tuple(part for one in inner[2] for part in _spread(one))
        for callee in heap.in_order(given):
            if callee[0] == "cmethod":
                effects.container_method(key, event, ("call", given, parts, inner[3], term[4]), callee)
        effects.effects[before:] = [one._replace(chain=(call,)) for one in effects.effects[before:]]
        before = len(effects.effects)


def _spread(argument: Term) -> tuple[Term, ...]:
    """Return the arguments that one stands for: ``*args`` for those that a caller is seen to give."""
    shown = argument[0] == "star" and argument[1][0] in {"tuple", "list"}
    return argument[1][1] if shown else (argument,)


def _note_class_made(effects: Effects, key: str, event: Event, term: Term, name: str) -> None:
    """``type(name, (Base,), space)``: the base, and its metaclass, are told of a class that is made anew."""
    heap, how = effects.heap, effects.heap.contracts.returned(name)
    bases = argument_at(term, 1, "bases") if how == "new class" or (how == "class of" and len(term[2]) == 3) else None
    for base in heap.ordered(heap.attributes.with_given(("iter", bases))) if bases is not None else ():
        if base[0] != "class":
            continue
        method, meta = heap.classes.method(base[1], "__init_subclass__"), heap.classes.metaclass(base[1])
        if method is not None:
            heap.classes.made_anew.update(heap.classes.order(base[1]))
            bound = heap.calling.bind(method, ("call", term[1], (), (), term[4]), term)
            effects.edge(key, event, term, method, bound)
        if meta is not None:
            given = (argument_at(term, 0, "name") or UNKNOWN, bases, UNKNOWN)
            effects.constructed(key, event, ("call", term[1], given, (), term[4]), meta)
            note_metaclass(effects, meta)


def note_metaclass(effects: Effects, key: str) -> None:
    """Note that classes of a metaclass are made by calls: ``Meta(name, bases, space)``, ``type(cls)(name, (cls,), space)``."""
    if effects.heap.classes.is_metaclass(key):
        effects.heap.classes.made_anew.update(effects.heap.classes.order(key))
