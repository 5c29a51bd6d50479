"""Entries that go round: what is taken out of one holder is put into another, from which it only comes back."""

from __future__ import annotations

from leaklint.flow.terms import UNKNOWN, Term, options, walk
from leaklint.heap.effects import Effect

Holder = tuple[str, str, str]
Place = tuple[str, tuple[int, ...]]


def circulating(stores: dict[Holder, list[Effect]], removals: dict[Holder, list[Effect]]) -> frozenset[Place]:
    """Return the removals of holders that give every entry to one another, by function and place.

    The greatest set of holders is sought of which each has removals, and each removal is a move into another one of them.
    Of these, only the holders count that get entries from elsewhere as well: the others are where such an entry goes on.
    """
    moves = {holder: [_targets(holder, one, stores) for one in found] for holder, found in removals.items() if found}
    closed = {holder for holder, every in moves.items() if all(every)}
    while True:
        left = {holder for holder in closed if all(not targets.isdisjoint(closed) for targets in moves[holder])}
        if left == closed:
            break
        closed = left
    taken = [_taken(one) for holder in closed for one in removals[holder]]
    fed = [holder for holder in closed if any(not _is_of(one, taken) for one in stores.get(holder, ()))]
    return frozenset((one.function, one.event.place) for holder in fed for one in removals[holder])


def _targets(holder: Holder, removal: Effect, stores: dict[Holder, list[Effect]]) -> frozenset[Holder]:
    """Return the other holders into which the function of a removal puts what that takes out.

    One that is given something new where nothing can be taken out is a pool, which grows to what is in use at a time.
    """
    taken = _taken(removal)
    return frozenset(
        other
        for other, found in stores.items() if taken is not None and other != holder
        for store in found
        if store.function == removal.function and _is_of(store, [taken]) and len(options(store.value or UNKNOWN)) == 1
    )  # fmt: skip


def _is_of(store: Effect, taken: list[Term | None]) -> bool:
    """Tell whether a store puts in what a removal takes out."""
    return store.value is not None and any(one in taken for one in walk(store.value))


def _taken(removal: Effect) -> Term | None:
    """Return the term of what a removal takes out: the result of a call, or the element that it deletes."""
    if removal.event.kind == "call":
        return removal.event.terms[0]
    return ("elem", removal.base, removal.key) if removal.event.kind == "delitem" and removal.key is not None else None
