"""What is taken off only while it is the outermost: where another was put around it, the chain keeps it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from leaklint.flow.model import Event, Function
from leaklint.flow.terms import Term, root
from leaklint.heap.callers import callers_up
from leaklint.heap.key_guards import asked_before
from leaklint.heap.namespaces import is_constructor

if TYPE_CHECKING:
    from leaklint.heap.retention import Heap

CROSSED = "only the outermost is taken off: assumes that they are closed in another order than opened"
_CALLERS = 3  # how many callers up the methods are looked for that put on and take off
_SAME, _OTHER = frozenset({"is", "=="}), frozenset({"is not", "!="})


def is_outermost_alone(event: Event, is_target: Callable[[Term], bool]) -> bool:
    """Tell whether an assignment puts back what was before only if the variable still holds the same object.

    ``if current is token: current = token.before``; ``is_target`` tells whether a term reads the variable.
    """
    for test, holds in asked_before(event):
        if test[0] != "op" or test[1] not in (_SAME if holds else _OTHER) or len(test[2]) != 2:
            continue
        for read, held in (test[2], test[2][::-1]):
            if is_target(read) and root(held) == root(event.terms[-1]) != event.terms[-1]:
                return True
    return False


def may_cross(heap: Heap, opening: str, closing: str) -> bool:
    """Tell whether objects of a class open and close by public methods, several of them in any order.

    ``opening`` and ``closing`` are the functions that put on and take off, or that such methods call.
    """
    functions, often, related = heap.points_to.functions, heap.multiplicity, heap.points_to.classes.related
    closers = _methods(heap, closing)
    return any(
        related(functions[one].owner, functions[other].owner)
        for one in _methods(heap, opening)
        for other in closers - {one}
        if not is_constructor(functions[other].name) and not often.is_single(functions[one].owner)
        and not often.is_one_a_run(functions[one].owner)
    )  # fmt: skip


def _methods(heap: Heap, key: str) -> set[str]:
    """Return the public methods and constructors that call a function, or that it is one of."""
    functions = heap.points_to.functions
    around = callers_up(heap.effects, [key], _CALLERS, lambda call: not _is_shown(functions[call.callee]))
    return {method for method in around if _is_shown(functions[method])}


def _is_shown(function: Function) -> bool:
    """Tell whether users call a function as a method: a public one, or a constructor."""
    is_method = bool(function.owner) and function.kind == "method"
    return is_method and (not function.name.startswith("_") or is_constructor(function.name))
