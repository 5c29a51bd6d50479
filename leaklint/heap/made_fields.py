"""Fields that a call in a class body declares: ``items: list = field(default_factory=list)`` is made for each object."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from leaklint.flow.model import Class, Event
from leaklint.flow.terms import NONE, Term

if TYPE_CHECKING:
    from leaklint.contracts.library import Contracts
    from leaklint.heap.names import Names


def declare_fields(names: Names, contracts: Contracts) -> None:
    """Take what such a call stands for: the factory's result is assigned in each object, and the class has no such attribute.

    Which callables declare fields, and which of their arguments is the factory, contracts say (``returns = "field factory"``).
    """
    for key, klass in list(names.classes.items()):
        made = dict(_fields(klass, names, contracts))
        if made:
            kept = {name: value for name, value in klass.attributes.items() if name not in made}
            names.classes[key] = klass._replace(attributes=kept)
            body = names.functions[key]
            names.functions[key] = body._replace(events=(*body.events, *made.values()))


def _fields(klass: Class, names: Names, contracts: Contracts) -> Iterator[tuple[str, Event]]:
    for name, (term, place) in klass.attributes.items():
        callee = _named(names, term[1]) if term[0] == "call" and term[3] else NONE
        how, _, word = contracts.returned(callee[1]).partition(" ") if callee[0] == "ext" else ("", "", "")
        factory = next((given for keyword, given in term[3] if keyword == word), None) if how == "field" else None
        if factory is not None:
            made = ("call", factory, (), (), (*term[4], "made"))
            yield name, Event("setattr", (("any", ("self", klass.key)), made), name, place, ())


def _named(names: Names, term: Term) -> Term:
    """Return what a name, or an attribute of a module, stands for: all that is known before values are followed."""
    if term[0] == "name":
        return names.name(term[1], term[2])
    if term[0] == "dotted":
        return names.dotted(term[1])
    if term[0] != "attr":
        return NONE
    base = _named(names, term[1])
    if base[0] == "module" and base[1] in names.modules:
        return names.in_module(base[1], term[2]) or NONE
    return ("ext", f"{base[1]}.{term[2]}") if base[0] == "ext" else NONE
