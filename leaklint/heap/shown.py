"""Functions of packages that are there for others, of which the module itself only shows how they are called."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from leaklint.flow.model import Event, Function
from leaklint.heap.arguments import call_arguments

if TYPE_CHECKING:
    from leaklint.heap.effects import Call
    from leaklint.heap.points_to import PointsTo


def is_shown(heap: PointsTo, function: Function, calls: Sequence[Call]) -> bool:
    """Tell whether a function works something out for others, and its module only shows how to call it.

    That is a public function of a module inside a package, which needs arguments and returns something: the module,
    started as a script, hands it constants. ``calls`` are the calls of the function.
    """
    needed = any(one.kind == "pos" and one.default is None for one in function.params)
    if function.kind != "function" or function.parent or function.name.startswith("_") or not needed:
        return False
    package = function.key.partition(":")[0].rpartition(".")[0]
    if package not in heap.names.modules or not any(map(_gives_back, function.events)):
        return False
    return all(heap.functions[call.caller].kind == "module" and _is_example(call) for call in calls)


def _is_example(call: Call) -> bool:
    """Tell whether a call hands in nothing but constants."""
    return all(term[0] == "const" for term in call_arguments(call.term))


def _gives_back(event: Event) -> bool:
    """Tell whether an event returns more than None, a number or a truth value, as of a status."""
    return event.kind == "return" and event.terms[0][0] not in {"const", "unknown"}
