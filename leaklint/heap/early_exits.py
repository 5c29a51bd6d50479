"""Exits of a function between what it does and what takes that back: an early return, an error that it raises."""

from __future__ import annotations

from collections.abc import Iterable

from leaklint.flow.model import Event, Function, Guard
from leaklint.flow.terms import Term, walk
from leaklint.heap.arguments import call_arguments
from leaklint.heap.removal_sites import is_after

LEFT_BY_ERROR = "its function puts back what was before, unless an error comes in between"
_ANYWAY = frozenset({"finally", "except", "with"})
_BLOCKS = frozenset({"try", "finally", "with"})  # in which an event comes if none in front of it raises
_LOOPS = frozenset({"loop", "while"})


def early_exit(function: Function, doing: Event, undoing: list[Event], entered: Term) -> Event | None:
    """Return an exit behind ``doing`` that leaves a function before any of the events ``undoing`` comes.

    Each of these stands past the test at which the function is left there. An exit that hands ``entered`` to the callers
    leaves it to them.
    """
    if any(guard.kind in _ANYWAY for one in undoing for guard in one.guards):
        return None
    for one in function.events:
        if one.kind not in {"return", "raise"} or not is_after(one, doing) or is_opposed(one, doing):
            continue
        if any(guard.kind in {"try", "except"} for guard in one.guards) or entered in walk(one.terms[0]):
            continue
        if all(is_after(other, one) and _is_past(other, one) for other in undoing):
            return one
    return None


def is_always_undone(function: Function, doing: Event, undoing: Event) -> bool:
    """Tell whether a function comes to ``undoing`` once it has come to ``doing``, as often, if no error comes in between."""
    rounds = [[guard for guard in one.guards if guard.kind in _LOOPS] for one in (doing, undoing)]
    if not is_after(undoing, doing) or rounds[0] != rounds[1]:
        return False
    leaving = (one for one in function.events if one.kind == "return" and not is_opposed(one, doing))
    return all(guard in doing.guards or guard.kind in _BLOCKS for guard in undoing.guards) and not any(
        is_after(one, doing) and is_after(undoing, one) for one in leaving
    )


def is_opposed(one: Event, other: Event) -> bool:
    """Tell whether two events stand behind the two outcomes of one test."""
    tests = {(guard.test, not guard.holds) for guard in one.guards if guard.kind in {"if", "past"}}
    return any((guard.test, guard.holds) in tests for guard in other.guards if guard.kind in {"if", "past"})


def is_handed_on(function: Function, names: Iterable[str]) -> bool:
    """Tell whether a function hands on a method by one of some names, for others to call it: ``stack.callback(log.remove)``."""
    known = set(names)
    return any(
        part[0] == "attr" and part[2] in known
        for event in function.events if event.kind == "call"
        for given in call_arguments(event.terms[0])
        for part in walk(given)
    )  # fmt: skip


def _is_past(later: Event, leaving: Event) -> bool:
    """Tell whether an event comes only where a function was not left at an earlier one."""
    tests = [guard for guard in leaving.guards if guard.kind == "if"]
    return any(Guard("past", guard.test, not guard.holds) in later.guards for guard in tests)
