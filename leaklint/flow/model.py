"""The value flow of a file as plain data, without syntax nodes."""

from __future__ import annotations

import re
from typing import NamedTuple

from leaklint.flow.terms import Term

_REPEATED = re.compile(r"@\d+")


def qualname(key: str) -> str:
    """Return how code calls a definition, by its key: without the module, and without what tells it from an earlier one."""
    return _REPEATED.sub("", key.partition(":")[2])


class Guard(NamedTuple):
    """A block around an event: ``if`` (``test`` holds if ``holds``), ``loop``, ``try``, ``except``, ``finally``, ``with``."""

    kind: str
    test: Term
    holds: bool = True


def is_for_scripts(guards: tuple[Guard, ...]) -> bool:
    """Tell whether code runs only where its module is started as a script: below ``if __name__ == "__main__"``."""
    return any("'__main__'" in repr(guard.test) for guard in guards)


class Event(NamedTuple):
    """One effect, in the order in which they are written.

    ``kind``: ``setattr`` (base, name, value), ``setitem`` (base, key, value), ``setname`` (module, name, value),
    ``setcell`` (function, name, value), ``extend`` (target, value: an augmented assignment by the operator ``name``),
    ``operate`` (left, right: an operation whose result is not used), ``delitem``
    (base, key), ``delattr`` (base, name), ``delname`` (module, name), ``call`` (the call; ``dropped`` where its result is not
    used), ``return``, ``yield``, ``raise``, ``handle`` (types: where a handler begins), ``leave`` (``continue`` and ``break``:
    a round of a loop ends).
    """

    kind: str
    terms: tuple[Term, ...]
    name: str
    place: tuple[int, int, int, int]
    guards: tuple[Guard, ...]


def target_of(event: Event) -> Term:
    """Return the term of what an assignment sets."""
    if event.kind == "setattr":
        return ("attr", event.terms[0], event.name)
    return ("elem", *event.terms[:2]) if event.kind == "setitem" else event.terms[0]


def base_of(event: Event) -> Term | None:
    """Return the term of the container as an effect's own function writes it."""
    if event.kind == "call":
        callee = event.terms[0][1]
        return callee[1] if callee[0] == "attr" else None
    return event.terms[0] if event.terms else None


class Param(NamedTuple):
    """A parameter; ``kind`` is ``pos``, ``kw``, ``*`` or ``**``; default and annotation are terms or None."""

    name: str
    kind: str
    default: Term | None
    annotation: Term | None


class Decorator(NamedTuple):
    """A decorator as a term, and where it stands, its ``@`` included."""

    term: Term
    place: tuple[int, int, int, int]


class Function(NamedTuple):
    """A function, a lambda, a class body or a module body (``kind``), with what happens in it.

    ``key`` is ``module:qualname``; ``owner`` the key of the class around it, ``parent`` of the function around it.
    ``assigned`` gives all values of each local variable; ``loops`` how each ``while`` loop ends.
    """

    key: str
    name: str
    kind: str
    owner: str
    parent: str
    params: tuple[Param, ...]
    decorators: tuple[Decorator, ...]
    events: tuple[Event, ...]
    assigned: dict[str, tuple[Term, ...]]
    is_async: bool
    yields: bool
    place: tuple[int, int, int, int]
    documentation: str


def returns_early(guard: Guard, function: Function) -> bool:
    """Tell whether a function returns where a test has the other outcome than ``guard``; an assertion ends in an error."""
    other = Guard("if", guard.test, not guard.holds)
    return any(event.kind == "return" and other in event.guards for event in function.events)


def may_be_skipped(event: Event, function: Function) -> bool:
    """Tell whether a function may return without an event; one that raises before it does not return."""
    return any(
        guard.kind in {"if", "except", "loop", "match"} or (guard.kind == "past" and returns_early(guard, function))
        for guard in event.guards
    )


class Class(NamedTuple):
    """A class: bases and keywords as terms, the values of its body's names, annotations by name, its functions by name."""

    key: str
    name: str
    parent: str
    bases: tuple[Term, ...]
    keywords: tuple[tuple[str, Term], ...]
    decorators: tuple[Decorator, ...]
    attributes: dict[str, tuple[Term, tuple[int, int, int, int]]]
    annotations: dict[str, Term]
    methods: dict[str, str]
    place: tuple[int, int, int, int]


class Module(NamedTuple):
    """One file. ``names`` gives each module-level name all its values with their places; ``imports`` dotted names."""

    name: str
    path: str
    is_package: bool
    imports: dict[str, str]
    stars: tuple[str, ...]
    names: dict[str, list[tuple[Term, tuple[int, int, int, int], tuple[Guard, ...]]]]
    functions: dict[str, Function]
    classes: dict[str, Class]
    annotations: dict[str, Term]
