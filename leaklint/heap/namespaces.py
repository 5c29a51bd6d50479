"""Attributes under names that are worked out at run time: stores into the ``__dict__`` of an object, a class or a module."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from leaklint.contracts.library import of_nature
from leaklint.flow.expressions import text_of
from leaklint.flow.model import Event
from leaklint.flow.terms import Term
from leaklint.heap.points_to_values import Values

if TYPE_CHECKING:
    from leaklint.heap.effects import Effects
    from leaklint.heap.heap_place import HeapPlace
    from leaklint.heap.points_to import PointsTo

_MARK = "__dict__"


def is_constructor(name: str) -> bool:
    """Tell whether a method of this name runs when an object is made."""
    return name in of_nature("constructor")


def namespace_of(heap: PointsTo, value: Term) -> Term | None:
    """Return the container that the ``__dict__`` of an abstract value is, if one is known; objects of a class share one."""
    kind = value[0]
    if kind in {"inst", "self"} and value[1] in heap.names.classes:
        return ("container", "dict", (_MARK, value[1]))
    if (kind == "class" and value[1] in heap.names.classes) or (kind == "module" and value[1] in heap.names.modules):
        return ("container", "dict", (_MARK, kind, value[1]))
    if kind == "container" and value[1] in {"local", "namespace"}:
        return ("container", "dict", (_MARK, kind, value[2]))
    return None


def fields_given(term: Term) -> dict[str, Term]:
    """Return the attributes that a call makes a namespace with, by name: keywords, and what is in a mapping."""
    found: dict[str, Term] = {}
    mappings = [part for part in term[2] if part[0] != "star"] + [value for word, value in term[3] if word == "**"]
    for mapping in mappings:
        if mapping[0] == "dict":
            pairs = zip(mapping[1][::2], mapping[1][1::2], strict=True)
            found.update({word: value for key, value in pairs if (word := text_of(key))})
    found.update({word: value for word, value in term[3] if word != "**"})
    return found


def is_namespace(container: Term) -> bool:
    """Tell whether a container is the ``__dict__`` of something."""
    return bool(container[2][:1] == (_MARK,))


def is_shared(given: Values) -> bool:
    """Tell whether what is assigned to ``self.__dict__`` is one for all objects, rather than the attributes of another one."""
    return not all(one[0] == "container" and is_namespace(one) for one in given)


def assigned(heap: PointsTo, values: Values) -> Iterator[Term]:
    """Yield of the values that an attribute is assigned on those that keep it themselves: a proxy hands it on."""
    for value in values:
        if value[0] not in {"inst", "self"} or value[1] not in heap.names.classes or not _is_proxy(heap, value[1]):
            yield value


def _is_proxy(heap: PointsTo, key: str) -> bool:
    """Tell whether the ``__setattr__`` of a class sets attributes of another object, and none of its own."""
    method = heap.classes.method(key, "__setattr__")
    function = heap.functions.get(method) if method is not None else None
    if function is None or not function.params:
        return False
    own: Term = ("param", function.key, function.params[0].name)
    calls = [event.terms[0] for event in function.events if event.kind == "call"]
    setting = [call for call in calls if ("ext", "builtins.setattr") in heap.evaluate(call[1]) and call[2]]
    others = [call for call in calls if call[1][0] == "attr" and call[1][2] == "__setattr__"]
    written = any(event.kind == "setitem" for event in function.events)
    return bool(setting) and all(call[2][0] != own for call in setting) and not others and not written


def note_attribute(effects: Effects, key: str, event: Event, term: Term, name: str) -> None:
    """Note ``setattr`` and ``delattr`` with a name that is no constant as a store and a removal."""
    if name not in {"builtins.setattr", "builtins.delattr"} or len(term[2]) < 2 or term[2][1][0] == "const":
        return
    base, word = term[2][:2]
    item = word if word[0] == "text" else ("text", (word,), "")
    for value in effects.heap.evaluate(base):
        container = namespace_of(effects.heap, value)
        if container is not None and name == "builtins.delattr":
            effects.effect(key, event, "remove", "del", container, base, item, None)
        elif container is not None and len(term[2]) > 2:
            effects.effect(key, event, "store", "setattr", container, base, item, term[2][2])


def below(heap: PointsTo, value: Term, location: HeapPlace) -> Iterator[tuple[Term, HeapPlace]]:
    """Yield the ``__dict__`` of a long-lived object where something is put into it under a name worked out at run time."""
    container = namespace_of(heap, value)
    if container is None or container not in heap.contents:
        return
    where = location._replace(path=(*location.path, _MARK), depth=0)
    if value[0] == "container":
        yield container, where
    else:
        yield container, where._replace(scope="field", owner=value[1], name=_MARK)


def roots(heap: PointsTo) -> Iterator[tuple[str, str, Term]]:
    """Yield (scope, owner, container) of the classes and modules into whose ``__dict__`` something is put."""
    for container in heap.contents:
        site: Term = container[2] if container[0] == "container" else ()
        if site[:1] == (_MARK,) and len(site) == 3 and site[1] in {"class", "module"}:
            if site[1] == "module" or not heap.names.classes[site[2]].parent:
                yield site[1], site[2], container
