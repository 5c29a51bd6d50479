"""Entries that reading a missing key of a ``defaultdict`` makes, and removals that need more than an empty one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leaklint.contracts.containers import ADDERS
from leaklint.flow.model import Function, base_of
from leaklint.flow.terms import Term, walk

if TYPE_CHECKING:
    from leaklint.heap.effects import Effect


def stays_empty(removal: Effect, function: Function, store: Effect) -> bool:
    """Tell whether a read makes an entry that a removal of a function never comes to, as that first takes from what is in it.

    ``d[key].remove(x)`` raises where nothing is under the key, and ``del d[key]`` comes after that.
    """
    if store.how != "read" or store.function == removal.function or _is_filled(store):
        return False
    taken: Term = ("attr", ("elem", removal.base, removal.key), "remove")
    return any(
        one.kind == "call" and one.terms[0][1] == taken and one.place < removal.event.place
        and removal.event.guards[: len(one.guards)] == one.guards
        for one in function.events
    )  # fmt: skip


def finds_empty(removal: Effect, store: Effect) -> bool:
    """Tell whether a store comes about by reading a missing key, which gives nothing back that was taken out.

    Nor does the read by which a removal comes to the container inside from which it takes.
    """
    if store.how != "read" or store.key is None:
        return False
    return removal.how in {"remove", "discard"} or ("elem", store.base, store.key) in walk(removal.base)


def _is_filled(store: Effect) -> bool:
    """Tell whether the event of a read puts something into what it reads."""
    event = store.event
    callee: Term = event.terms[0][1] if event.kind == "call" else ()
    put = callee[:1] == ("attr",) and callee[2] in ADDERS
    return (put or event.kind in {"setitem", "extend"}) and base_of(event) == ("elem", store.base, store.key)
