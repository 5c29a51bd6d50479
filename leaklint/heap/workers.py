"""Locals of functions that threads and tasks run in a loop: they live as long as the thread, which waits for more work."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from leaklint.flow.model import Function, is_for_scripts
from leaklint.flow.terms import Term, walk
from leaklint.heap.arguments import called_by, coroutine_of
from leaklint.heap.external_calls import ExternalCall

if TYPE_CHECKING:
    from leaklint.heap.effects import Effects
    from leaklint.heap.points_to import PointsTo


def locals_of_workers(heap: PointsTo, effects: Effects) -> Iterator[tuple[Term, Function, str]]:
    """Yield (container, function, variable) of what is made before a worker's loop and is there in all its rounds."""
    threads = run_by_threads(heap, effects)
    for key in sorted(threads | _run_by_scripts(heap, effects)):
        function = heap.functions[key]
        loops = loops_of(function)
        kinds = {"container"} if key in threads else {"container", "inst"}
        given = _given_back(heap, function) if loops else set()
        for name, terms in function.assigned.items() if loops else ():
            made = [value for value in heap.ordered(heap.all_of(terms)) if value[0] in kinds]
            if (
                made
                and given.isdisjoint(made)
                and all(value[2] and is_made_before(value[2], key, loops, heap) for value in made)
            ):
                for value in made:
                    yield value, function, name.partition("@")[0]


def _given_back(heap: PointsTo, function: Function) -> set[Term]:
    """Return what a function gives back, also as a part of what it makes of it: then it works something out, and ends."""
    returned = [event.terms[0] for event in function.events if event.kind == "return"]
    return {value for term in returned for part in walk(term) for value in heap.evaluate(part)}


def loops_of(function: Function) -> list[tuple[int, int, int, int]]:
    """Return where loops of a function stand that have no condition."""
    return [
        event.place
        for event in function.events
        if event.kind == "while" and event.terms[0][0] == "const"
        and all(guard.kind in {"try", "with"} for guard in event.guards)
    ]  # fmt: skip


def is_made_before(site: Term, key: str, loops: list[tuple[int, int, int, int]], heap: PointsTo) -> bool:
    """Tell whether a container is made in a function, outside of its loops."""
    function = heap.functions[key]
    if len(site) != 5 or site[0] != heap.names.module_of(key).name:
        return False
    inside = function.place[0] <= site[1] <= function.place[2]
    return inside and not any(loop[0] <= site[1] <= loop[2] for loop in loops)


def _run_by_scripts(heap: PointsTo, effects: Effects) -> set[str]:
    """Return the functions that modules call when they are run, and nothing else does."""
    found: set[str] = set()
    for key, calls in effects.calls.items():
        callers = [heap.functions[call.caller] for call in calls]
        if callers and all(caller.kind == "module" for caller in callers) and len(calls) == 1:
            home = heap.names.module_of(calls[0].caller)
            in_package = home.is_package or "." in home.name
            if not (in_package and is_for_scripts(calls[0].event.guards)) and not heap.functions[key].yields:
                found.add(key)
    return found


def run_by_threads(heap: PointsTo, effects: Effects) -> set[str]:
    """Return the functions that are handed to what starts a thread or a task, by contract, and the ``run`` of threads.

    As well those whose coroutines are handed to what runs them to their ends.
    """
    found: set[str] = set()
    for external in effects.external:
        if heap.contracts.is_a(external.name, "runs coroutines"):
            values = heap.all_of(coroutine_of(given) for given in external.call[2] if given[0] == "call")
            called = {value[-1] for value in values if value[0] in {"func", "method"}}
            found |= {one for one in called if heap.functions[one].is_async}
        found |= run_by_call(heap, external)
    runs = (run_of_class(heap, key) for key in heap.names.classes)
    return found | {run for run in runs if run is not None}


def run_by_call(heap: PointsTo, external: ExternalCall) -> set[str]:
    """Return what a thread or a task runs that a call of something outside of the program starts; nothing for other calls."""
    contract, _ = heap.contracts.of_call(external.name)
    target = called_by(contract, external.call) if contract is not None and contract.kind == "thread" else None
    if target is None:
        return set()
    return {value[-1] for value in heap.evaluate(coroutine_of(target)) if value[0] in {"func", "method"}}


def run_of_class(heap: PointsTo, key: str) -> str | None:
    """Return the method that a thread of a class of the program runs; None for classes of other things."""
    is_thread = any(map(heap.contracts.is_thread, heap.classes.outside(key)))
    return heap.classes.method(key, "run") if is_thread else None
