"""Augmented assignments: they change a container in place, and what else denotes it with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leaklint.flow.model import Event
from leaklint.flow.terms import Term

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
        effects.store(key, event, "[]=", target[1], target[2], value)
    if event.name in _ADDING:
        effects.open(key, event, "store", "+=", target, None, ("iter", value))
    elif event.name in _TAKING:
        effects.open(key, event, "remove", "-=", target, ("iter", value), None)
    for container in effects.containers(target, unless=_METHODS.get(event.name, "")):
        if container[1] in IMMUTABLE:
            continue
        if event.name in _ADDING and not effects.each(key, event, "+=", container, target, value):
            effects.effect(key, event, "store", "+=", container, target, None, ("iter", value))
        elif event.name in _TAKING:
            effects.effect(key, event, "remove", "-=", container, target, ("iter", value), None)
