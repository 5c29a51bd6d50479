"""Loops that go on for as long as the process lives: what stands in them runs many times, even if the loop runs once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leaklint.flow.model import Event, Function, Guard
from leaklint.flow.terms import DISPLAYS

if TYPE_CHECKING:
    from leaklint.heap.points_to import PointsTo

_ALWAYS = frozenset({"True", "1"})


def goes_on(heap: PointsTo, function: Function, event: Event) -> bool:
    """Tell whether an event of code that runs once stands in a loop that goes on until the process ends.

    A module body that is run has nothing else to do; a function that leaves its loop ends with it.
    """
    if function.kind == "module":
        return any(guard.kind == "while" or _is_over_endless(heap, guard) for guard in event.guards)
    return any(_is_never_left(function, guard) for guard in event.guards)


def is_without_end(guard: Guard) -> bool:
    """Tell whether a guard is a loop of which the program does not say how often it runs."""
    return guard.kind == "while" or (guard.kind == "loop" and guard.test[0] not in DISPLAYS)


def _is_over_endless(heap: PointsTo, guard: Guard) -> bool:
    """Tell whether a loop walks over what never ends: ``itertools.count()``."""
    test = guard.test
    if guard.kind != "loop" or test[0] != "call":
        return False
    names = [value[1] for value in heap.evaluate(test[1]) if value[0] == "ext"]
    return any(heap.contracts.is_a(name, "goes on") for name in names)


def _is_never_left(function: Function, guard: Guard) -> bool:
    if guard.kind != "while" or guard.test[0] != "const" or guard.test[1] not in _ALWAYS:
        return False
    loops = [one for one in function.events if one.kind == "while" and one.terms[0] == guard.test]
    left = any(one.name for one in loops) or any(_takes_next(one) and guard in one.guards for one in function.events)
    return not left and not any(one.kind == "return" and guard in one.guards for one in function.events)


def _takes_next(event: Event) -> bool:
    """Tell whether an event is ``next(rows)``, which leaves a loop by an exception when there are no more."""
    call = event.terms[0] if event.kind == "call" else ()
    return bool(call) and call[1][::2] == ("name", "next") and len(call[2]) == 1


__all__ = ["goes_on", "is_without_end"]
