"""Objects that a program leaves to its users to make, or that its loop works with, and the containers in them.

How long such an object lives nobody can tell. Where the program itself takes entries out of a container of it, though, the
object is meant to outlive its entries, and an entry that stays on some way stays as long as that object.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from leaklint.flow.model import Event
from leaklint.flow.terms import Term, walk
from leaklint.heap.heap_place import HeapPlace
from leaklint.heap.multiplicity import MANY, Multiplicity

if TYPE_CHECKING:
    from leaklint.heap.effects import Call
    from leaklint.heap.lifetime import Lifetime

_BELOW = frozenset({"container", "inst"})


def left_to_users(lifetime: Lifetime, multiplicity: Multiplicity) -> dict[Term, HeapPlace]:
    """Return what is in objects of classes of which the program makes none for itself, where it does not live long."""
    found: dict[Term, HeapPlace] = {}
    names = lifetime.heap.names
    for key, klass in names.classes.items():
        if klass.parent or not klass.methods or not _is_left(key, multiplicity):
            continue
        path = (f"{key.replace(':', '.')}()",)
        start = HeapPlace("object", key, "", key.partition(":")[0], klass.place, 0, path)
        queue: deque[tuple[Term, HeapPlace]] = deque([(("self", key), start)])
        while queue:
            value, location = queue.popleft()
            for child, where in lifetime._below(value, location):
                if child[0] in _BELOW and child not in lifetime.long and child not in found:
                    found[child] = where._replace(scope="object")
                    queue.append((child, found[child]))
    return found


def _is_left(key: str, multiplicity: Multiplicity) -> bool:
    """Tell whether all objects of a class are made by users, or for the loop of a coroutine that runs once.

    Users make them themselves, or by a function that is there for them.
    """
    return all(
        (multiplicity.is_returned(call) and not multiplicity.effects.calls.get(call.caller))
        or _is_for_a_loop(call, multiplicity)
        for call in multiplicity.constructions(key)
    )


def _is_for_a_loop(call: Call, multiplicity: Multiplicity) -> bool:
    """Tell whether a function makes an object before the loop in which it works with the object.

    Such a loop waits for others as long as the program has work: it is endless, or that of a coroutine that runs once.
    """
    function = multiplicity.heap.functions[call.caller]
    if _is_repeated(call.event):
        return False
    if any(call.term in walk(term) for event in function.events if _is_endless(event) for term in event.terms):
        return True
    if not function.is_async or multiplicity.runs(function.key) == MANY:
        return False
    return any(
        event.kind == "call" and _is_repeated(event) and event.terms[0][1][:2] == ("attr", call.term)
        for event in function.events
    )


def _is_endless(event: Event) -> bool:
    """Tell whether an event stands in a loop without a condition."""
    return any(guard.kind == "while" and guard.test[0] == "const" for guard in event.guards)


def _is_repeated(event: Event) -> bool:
    return any(guard.kind in {"loop", "while"} for guard in event.guards)
