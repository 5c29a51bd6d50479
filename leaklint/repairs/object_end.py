"""What the end of an object does: it would come with the last user, and no longer with the container."""

from __future__ import annotations

from collections.abc import Iterable

from leaklint.contracts.library import of_nature
from leaklint.flow.model import Function
from leaklint.flow.terms import Term, options
from leaklint.repairs.holders import last_word
from leaklint.repairs.program import Program

_FREES = of_nature("frees a resource")
_HOPS = 3  # how many objects inside of one another are looked at


def end_of(program: Program, key: str, leaving: Iterable[str] = (), hops: int = _HOPS) -> str:
    """Return what happens when an instance of a class goes, as words for a message; nothing where nothing is seen.

    ``leaving`` are the finalizers that only take the object out of the container that is asked about.
    """
    family = {*program.classes.order(key), *program.classes.below(key)}
    last = {method for one in family if (method := program.names.classes[one].methods.get("__del__"))}
    if not set(leaving) >= last:
        return "__del__()"
    for function in (one for klass in sorted(family) for one in program.methods(klass)):
        words = _finalizer(program, function) or _resource(program, function, hops)
        if words:
            return words
    return ""


def _finalizer(program: Program, function: Function) -> str:
    """Return the finalizer that a method makes for its object."""
    for event in function.events:
        if event.kind == "call" and last_word(event.terms[0][1]) == "finalize" and event.terms[0][2]:
            if program.outside(event.terms[0][1]) == "weakref.finalize" and program.is_self(event.terms[0][2][0]):
                return f"the finalizer made by {function.name}()"
    return ""


def _resource(program: Program, function: Function, hops: int) -> str:
    """Return the attribute that a method gives its object and that frees a resource when nobody holds it any more."""
    for event in function.events:
        if event.kind == "setattr" and program.is_self(event.terms[0]):
            if any(_frees(program, term, hops) for term in options(event.terms[-1])):
                return f"self.{event.name}, which frees what it holds"
    return ""


def _frees(program: Program, term: Term, hops: int) -> bool:
    """Tell whether a term makes an object whose end frees something."""
    if term[0] != "call":
        return False
    made = program.class_made(term)
    if made:
        return hops > 0 and bool(end_of(program, made, hops=hops - 1))
    return last_word(term[1]) in _FREES and bool(program.outside(term[1]))


__all__ = ["end_of"]
