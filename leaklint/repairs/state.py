"""Objects that a cache keeps between calls: one that changes must not be made anew behind its users' backs."""

from __future__ import annotations

from collections.abc import Iterable

import libcst as cst

from leaklint.contracts.containers import ADDERS, ONLY, REMOVERS
from leaklint.contracts.library import storing
from leaklint.flow.model import Event, Function, target_of
from leaklint.flow.terms import Term, root
from leaklint.repairs.files import Files
from leaklint.repairs.holders import last_word
from leaklint.repairs.program import Program

MAKING = frozenset({"__init__", "__new__", "__post_init__", "__setstate__", "__del__"})
_CHANGING = frozenset(ADDERS) | REMOVERS - ONLY
_PUSHES = storing("heapq", "bisect")
_SET = frozenset({"setattr", "setname", "setcell"})
_FILLED = frozenset({"setitem", "delitem", "clear", "delslice", "setslice", "setpart", "extend"})


def forgotten(files: Files, function: Function, classes: Iterable[str]) -> str:
    """Return where the program uses what a cache returns and lets go of it at once, or nothing.

    It matters only for ``classes`` whose instances change after they are made: ``counter("a").add()`` would count from
    nothing each time.
    """
    if not any(changes(files.program, key) for key in classes):
        return ""
    for file, node in files.call_nodes(function):
        above = file.parent(node)
        outer = file.parent(above) if isinstance(above, cst.Attribute) else None
        if isinstance(outer, cst.Call) and outer.func is above:
            return file.place(outer)
    return ""


def changes(program: Program, key: str) -> bool:
    """Tell whether a method other than those that make an object writes to ``self`` or into what it holds."""
    for function in (one for above in program.classes.order(key) for one in program.methods(above)):
        for event in function.events if function.name not in MAKING else ():
            term = changed(event)
            if term is not None and root(term) != term and program.is_self(root(term)):
                return True
    return False


def changed(event: Event) -> Term | None:
    """Return the variable, attribute or container that an event changes; None for any other event."""
    if event.kind in _SET:
        return target_of(event)
    if event.kind in _FILLED:
        return event.terms[0]
    if event.kind != "call":
        return None
    callee, given = event.terms[0][1], event.terms[0][2]
    if callee[0] == "attr" and callee[2] in _CHANGING - {"get"}:
        return callee[1]  # type: ignore[no-any-return]
    return given[0] if last_word(callee) in _PUSHES and given else None
