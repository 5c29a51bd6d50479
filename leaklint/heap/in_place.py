"""Augmented assignments: they change a container in place, and what else denotes it with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leaklint.flow.model import Event
from leaklint.flow.terms import Term
from leaklint.heap.points_to_values import in_order

if TYPE_CHECKING:
    from leaklint.heap.effects import Effects

IMMUTABLE = frozenset({"tuple", "frozenset"})
_ADDING, _TAKING = frozenset({"+", "|"}), frozenset({"-", "&"})
_METHODS = {"+": "__iadd__", "|": "__ior__", "-": "__isub__", "&": "__iand__"}


def makes_anew(how: str, container: Term) -> bool:
    """Tell whether an operator gives a variable another container instead of changing the one that it has."""
    return how in {"+=", "-="} and container[1] in IMMUTABLE


def note_in_place(effects: Effects, key: str, event: Event) -> None:
    """``seen |= {page}`` puts into the set that ``seen`` denotes, a parameter as well; ``seen -= old`` takes out of it."""
    target, value = event.terms
    if target[0] == "elem":
        effects._store(key, event, "[]=", target[1], target[2], value)
    if event.name in _ADDING:
        effects._open(key, event, "store", "+=", target, None, ("iter", value))
    elif event.name in _TAKING:
        effects._open(key, event, "remove", "-=", target, ("iter", value), None)
    for value_of_target in in_order(effects.heap.evaluate(target)):
        container = _container(effects, value_of_target, event.name)
        if container is None or container[1] in IMMUTABLE:
            continue
        if event.name in _ADDING and not effects._each(key, event, "+=", container, target, value):
            effects._effect(key, event, "store", "+=", container, target, None, ("iter", value))
        elif event.name in _TAKING:
            effects._effect(key, event, "remove", "-=", container, target, ("iter", value), None)


def _container(effects: Effects, value: Term, operator: str) -> Term | None:
    """Return the container that an operator changes: also an object by its base, if its class has no such method."""
    if value[0] == "container":
        return value
    if value[0] not in {"self", "inst"} or value[1] not in effects.heap.names.classes:
        return None
    own = effects.heap.classes.method(value[1], _METHODS.get(operator, ""))
    return effects.container_of(value) if own is None else None
