"""Where programs begin: scripts, the functions that they call when they are started, and those that a new process runs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from leaklint.flow.model import Event, Function, is_for_scripts
from leaklint.flow.terms import Term

if TYPE_CHECKING:
    from leaklint.heap.lifetime import Lifetime
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
        if target is not None and heap.may_be(event.terms[0][1], "process"):
            yield from (value[1] for value in heap.evaluate(target) if value[0] == "func")


def scripts(heap: PointsTo) -> frozenset[str]:
    """Return the modules that are there to be started: no other imports them, and they do something when they are run.

    A script has a block below ``if __name__ == "__main__"``, or prints.
    """
    modules = heap.names.modules
    imported = {
        dotted if dotted in modules else dotted.rpartition(".")[0]
        for module in modules.values()
        for dotted in (*module.imports.values(), *module.stars)
    }
    return frozenset(
        module
        for key, function in heap.functions.items()
        if function.kind == "module"
        and (module := heap.names.module_of(key).name) not in imported
        and any(is_for_scripts(event.guards) or _prints(heap, event) for event in function.events)
    )


def importable(lifetime: Lifetime) -> frozenset[str]:
    """Return the classes of which an object lives long that users can import, from a module that is no script."""
    inside = tuple(f"{name}." for name in scripts(lifetime.heap))
    return frozenset(
        value[1]
        for value, location in lifetime.long.items()
        if value[0] in {"inst", "self"} and not location.path[0].startswith(inside)
    )


def _prints(heap: PointsTo, event: Event) -> bool:
    return event.kind == "call" and ("ext", "builtins.print") in heap.evaluate(event.terms[0][1])


def imported_modules(heap: PointsTo) -> frozenset[str]:
    """Return the names of the modules of the program that others import, or import from."""
    names = {name for dotted in heap.names.imported for name in _above(dotted)}
    return frozenset(names | {star for module in heap.names.modules.values() for star in module.stars})


def _above(dotted: str) -> list[str]:
    """Return a dotted name and those that it begins with."""
    parts = dotted.split(".")
    return [".".join(parts[:end]) for end in range(1, len(parts) + 1)]
