"""Does the flagged holder, and nothing else that lives on, keep what a test has left behind?"""

from __future__ import annotations

from types import FrameType
from typing import Any, NamedTuple, Sequence

from .. import chains, labels, paths
from ..early import is_a
from ..evidence import INVISIBLE
from ..retained import retained
from .targets import Target

_EDGES = {
    "finalize": ("._registry",),
    "logger": (".loggerDict", ".handlers", "['handlers']"),
    "thread": ("._active",),
}


class HeldObjects(NamedTuple):
    """``objects`` are what the holder keeps, ``facts`` fields of a verdict. The caller must let go of ``objects``.

    Without objects, ``owner`` is how a reader finds what else has the objects.
    """

    objects: list[Any]
    facts: dict[str, Any]
    owner: str = ""


def explain(target: Target, left: list[Any], owners: Sequence[Any], walls: Sequence[Any]) -> HeldObjects | None:
    """Say who keeps the objects that are left; None if the flagged holder is not among them.

    ``owners`` are objects of the test run whose life is longer than a test: what they reach is theirs. ``walls`` are
    the flagged containers, which are no excuse for one another.
    """
    theirs = _reached(owners, left)
    mine = [obj for obj in left if id(obj) not in theirs]
    if not mine:
        return HeldObjects([], {}, "an object of the test run")
    reach = (
        _within(target, mine) if target.holder is not None and target.holder.readable else _from_anywhere(target, mine)
    )
    if not reach:
        return None
    held = [chain[-1] for chain in reach]
    closed = [*walls, *_walls(target, reach[0])]
    found = paths.backward(held[0], target.module, ours=[left, mine, held, reach, *reach], walls=closed)
    if found.named and not _through_thread(target, found.chain):
        text = chains.named(found.chain).text()
        return HeldObjects([], {}, "".join(text[:1] + tuple(text[1::2])))
    chain = chains.named(reach[0])
    text = chain.text()
    facts = {
        "path": list(text),
        "suspect": chain.suspect,
        "origins": list(chain.origins),
        "trace": chains.trace(text),
        "bytes_per_instance": retained(held[:1]),
    }
    return HeldObjects(held, facts)


def _reached(owners: Sequence[Any], left: list[Any]) -> set[int]:
    """Return the identities of those objects that are reached from one of the owners."""
    starts = [owner for owner in owners if owner is not None]
    if not starts:
        return set()
    _, kept = paths.forward(starts, {id(obj) for obj in left})
    return {id(obj) for obj in left if id(obj) in kept}


def _within(target: Target, left: list[Any]) -> list[list[Any]]:
    assert target.holder is not None
    return paths.within(target.holder, left)


def _from_anywhere(target: Target, left: list[Any]) -> list[list[Any]]:
    """Return chains that lead over the flagged name, found by a search from the objects to a root."""
    found = paths.backward(left[0], target.module, ours=[left])
    kind = target.probe.container_kind
    if not found.named:
        if kind in INVISIBLE and target.grown() > 0:
            return [[labels.Root(INVISIBLE[kind]), *found.chain]]
        return []
    if _place(target, found.chain) < 0 and not _through_thread(target, found.chain):
        return []
    same = paths.alike(found, left)
    return [found.chain, *[chain for chain in same if chain[-1] is not left[0]]]


def _walls(target: Target, chain: list[Any]) -> list[Any]:
    """Return the objects of the holder itself, through which another owner need not be looked for."""
    if target.walls():
        return target.walls()
    place = _place(target, chain)
    return [chain[place + 1]] if place >= 0 else [chain[1]] if len(chain) > 2 else []


def _place(target: Target, chain: list[Any]) -> int:
    """Return where in a chain the edge with the holder's name starts, or -1."""
    name = target.name
    edges = _EDGES.get(target.probe.container_kind, (f".{name}", f"['{name}']", f"closure {name}", f"default {name}"))
    for place in range(len(chain) - 2):
        if labels.edge(chain[place], chain[place + 1]) in edges:
            return place
    return -1


def _through_thread(target: Target, chain: list[Any]) -> bool:
    """Tell whether a chain starts at what the finding says: a running thread, or a signal's handler."""
    kind = target.probe.container_kind
    if kind == "signal":
        return type(chain[0]) is labels.Root
    return kind == "thread" and (is_a(chain[0], FrameType) or _place(target, chain) >= 0)
