"""Objects that grow in number and that no growing container leads to: where they are reached from, if anything shows them."""

from __future__ import annotations

import threading
from types import FrameType
from typing import Any, Sequence

from .. import chains, roots
from ..early import get_objects, get_referents, is_a
from . import effects, families, naming
from .candidates import CHAIN, CONTAINER, HIDDEN, Candidate, ChainLink, kept_now
from .measures import kind_of

SHARE = 0.1  # of the paths to a crowd: what so many lead through is told


def is_of_nearest(candidate: Candidate) -> bool:
    """Tell whether the objects that grow in number are those stored first of all, and not what these lead to, as frames."""
    return candidate.link is not None and type(candidate.obj) is candidate.link.member


def leads(candidate: Candidate, young: set[int]) -> Any:
    """Return what leads to all that a crowd keeps: of objects that nothing leads to, a list of those that are young."""
    if candidate.sort != HIDDEN:
        return candidate.obj
    return [obj for obj in kept_now(candidate) if id(obj) in young]


def outermost(candidates: Sequence[Candidate], young: set[int]) -> list[Candidate]:
    """Leave out what is kept because another candidate is.

    Those are objects without a path of a type that others without one lead to, as a function does to its cells, and of two
    places in one chain of objects the later one.
    """
    reaches = [effects.reach(leads(item, young), young).places for item in candidates]
    everything = {id(obj): type(obj) for obj in get_objects()} if candidates else {}
    kinds = [{id(everything[place]) for place in found if place in everything} for found in reaches]
    kept = []
    for place, item in enumerate(candidates):
        others = [
            number
            for number, found in enumerate(reaches)
            if candidates[number].sort == item.sort and (-len(found), number) < (-len(reaches[place]), place)
        ]
        if item.sort == HIDDEN:
            follows = any(id(type(item.obj)) in kinds[number] for number in others)
        else:
            follows = item.sort == CHAIN and any(reaches[place] < reaches[number] for number in others)
        if not follows:
            kept.append(item)
    return kept


def are_of_threads(objects: Sequence[Any]) -> bool:
    """Tell whether most objects refer to local variables of running threads, as the bound methods do that these are in."""
    variables = roots.locals_of_threads()
    found = [obj for obj in objects if any(id(held) in variables for held in get_referents(obj))]
    return 2 * len(found) > len(objects)


def led_through(paths: Sequence[list[Any]], candidates: Sequence[Candidate]) -> int:
    """Return how many paths lead through one of the candidates, which are containers.

    What a thread has in its local variables is kept by the thread, so it counts where threads grow in number.
    """
    places = {id(obj) for item in candidates for obj in (item.obj, *item.members)}
    threads_grow = id(threading._active) in places  # type: ignore[attr-defined]
    return sum((threads_grow and is_a(path[0], FrameType)) or not places.isdisjoint(map(id, path)) for path in paths)


def origins(crowd: Candidate, paths: Sequence[list[Any]], young: set[int]) -> list[Candidate]:
    """Return candidates for the objects through which a growing crowd is reached from what was there before.

    ``paths`` lead to members of the crowd. An origin counts to which ``SHARE`` of them lead, and more than one.
    """
    found: dict[str, list[tuple[tuple[Any, ...], list[Any]]]] = {}
    for path in paths:
        first = next((place for place in range(1, len(path)) if _begins(path, place, young)), len(path) - 1)
        symbol = families.folded(naming.named(path[: first + 1]).symbol)
        found.setdefault(symbol, []).append((tuple(path[: first + 1]), path))
    return [_origin(crowd, rows) for rows in found.values() if len(rows) > 1 and len(rows) >= SHARE * len(paths)]


def _origin(crowd: Candidate, rows: Sequence[tuple[tuple[Any, ...], list[Any]]]) -> Candidate:
    """Return the candidate for what chains begin with, of which the whole paths are given, too.

    If they begin with different objects, these are in one container: it is told where most of the crowd is directly in it, as
    where places are filled, each once. Else the objects of the crowd hold one another.
    """
    chains_there = [start for start, _ in rows]
    chain, shared = chains_there[0], families.common(chains_there)
    name = naming.named(chain)
    if any(start[-1] is not chain[-1] for start in chains_there) and kind_of(shared[-1]) != "other":
        name = naming.named(shared)
        if 2 * sum(len(start) == len(path) for start, path in rows) > len(rows):
            return crowd._replace(sort=CONTAINER, obj=shared[-1], chain=shared, name=name)
    longest = max((path for _, path in rows), key=len)
    link = ChainLink(type(crowd.obj), naming.linking_attribute(longest))
    return crowd._replace(sort=CHAIN, obj=chain[-1], chain=chain, name=name, link=link)


def _begins(chain: Sequence[Any], place: int, young: set[int]) -> bool:
    """Tell whether the object at a place of a chain is a young one, and not merely the dict of an older one's attributes."""
    obj = chain[place]
    return id(obj) in young and not (is_a(obj, dict) and chains.is_namespace(chain[place - 1], obj))
