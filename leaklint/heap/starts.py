"""Where programs begin: functions that a module calls when it is started as a script, and those that a new process runs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from leaklint.flow.model import Function, is_for_scripts
from leaklint.flow.terms import Term

if TYPE_CHECKING:
    from leaklint.heap.points_to import PointsTo


def starting_points(heap: PointsTo) -> frozenset[str]:
    """Return the functions with which programs begin, each of which runs once in its process.

    A script may call what a decorator has made of a function, such as a command of a command line.
    """
    found: set[str] = set()
    for key, function in heap.functions.items():
        if function.kind == "module":
            found |= heap.functions.keys() & set(_called_by_script(heap, key, function))
        found |= set(_in_processes(heap, function))
    return frozenset(found)


def _called_by_script(heap: PointsTo, key: str, function: Function) -> Iterator[str]:
    module = heap.names.module_of(key).name
    for event in function.events:
        if event.kind == "call" and is_for_scripts(event.guards):
            callee: Term = event.terms[0][1]
            if callee[0] == "name" and heap.names.name(callee[1], callee[2])[:2] == ("global", module):
                yield f"{module}:{callee[2]}"


def _in_processes(heap: PointsTo, function: Function) -> Iterator[str]:
    """Yield the functions that a function has processes of their own run."""
    for event in function.events:
        target = dict(event.terms[0][3]).get("target") if event.kind == "call" else None
        if target is None or not any(
            value[0] == "ext" and heap.contracts.is_a(value[1], "process") for value in heap.evaluate(event.terms[0][1])
        ):
            continue
        for value in heap.evaluate(target):
            if value[0] == "func":
                yield value[1]
