"""Fields that nothing assigns as written: what a call in a class body declares, what a metaclass puts into a namespace."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from leaklint.flow.expressions import text_of
from leaklint.flow.model import Class, Event, Function
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
            retained = {name: value for name, value in klass.attributes.items() if name not in made}
            names.classes[key] = klass._replace(attributes=retained)
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


def declare_in_namespaces(names: Names) -> None:
    """Take what ``__new__`` of a metaclass puts into the namespace of the class that it makes as attributes of that class.

    ``space["rows"] = {}``, ``space.setdefault("rows", {})``: each class of the metaclass gets its own.
    """
    for key, klass in names.classes.items():
        new = klass.methods.get("__new__")
        if new is not None and any(_named(names, base) == ("ext", "builtins.type") for base in klass.bases):
            function = names.functions[new]
            names.functions[new] = function._replace(events=(*function.events, *_in_namespace(function, key)))


def _in_namespace(function: Function, key: str) -> Iterator[Event]:
    if len(function.params) < 4:
        return
    space = ("param", function.key, function.params[3].name)
    for event in function.events:
        given: tuple[Term, ...] = event.terms[1:] if event.kind == "setitem" and event.terms[0] == space else ()
        if event.kind == "call" and event.terms[0][1] == ("attr", space, "setdefault"):
            given = event.terms[0][2]
        if len(given) == 2 and (word := text_of(given[0])):
            yield Event("setattr", (("any", ("anyclass", key)), given[1]), word, event.place, event.guards)


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
