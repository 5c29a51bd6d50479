"""Why is it alive: the chain of holders from a root to an object.

Two searches. ``within`` goes forward from the flagged holder, whose place is known: a few microseconds at any heap
size. ``backward`` goes from the object through the whole heap, one batched ``gc.get_referrers`` call a level, until it
meets something that has a name.
"""

from __future__ import annotations

import os
from itertools import islice
from types import FrameType
from typing import Any, Dict, List, NamedTuple, Sequence, Tuple

from . import roots
from .early import (
    FunctionType,
    ModuleType,
    contents,
    disable,
    enable,
    get_referents,
    get_referrers,
    getallocatedblocks,
    is_a,
    is_tracked,
    isenabled,
)
from .holder import Holder

NODES = 100_000
LEVELS = 25
WIDTH = 24
LARGE, NEAR, SHARE = 500_000, 50_000, 20
GLANCE, YOUNGEST = 5_000, 32
_STOP = (ModuleType, type)
_OWN = os.path.dirname(__file__)
Kept = Dict[int, Any]
#: By identity: what was passed by, the levels of the search before it, and the index that the search began at.
Large = Dict[int, Tuple[Any, List[List[Any]], roots.Index]]


def within(holder: Holder, targets: Sequence[Any]) -> list[list[Any]]:
    """Search forward from the holder; return a chain of objects, from the module on, for each target it reaches.

    Modules and classes on the way are not entered.
    """
    value = holder.value() if holder.owner is not None else None
    if value is None:
        return []
    return _reach(holder.leading(), holder.parts(), targets)


def _reach(leading: list[Any], parts: list[Any], targets: Sequence[Any]) -> list[list[Any]]:
    """Return a chain for each target that the last of ``leading`` reaches, directly or through one of its parts."""
    parents, kept = forward([leading[-1], *parts], {id(target) for target in targets})
    return [leading[:-1] + _unwind(kept, parents, id(target)) for target in targets if id(target) in kept]


def forward(starts: list[Any], targets: set[int]) -> tuple[dict[int, int], Kept]:
    """Search breadth first from ``starts`` until all of ``targets`` (identities) are met or ``NODES`` objects were seen.

    Returns each object's parent and the objects, both by identity; modules and classes are not entered.
    """
    first = id(starts[0])
    kept: Kept = {id(obj): obj for obj in starts}
    parents = {id(obj): first for obj in starts}
    level, missing = list(kept.values()), set(targets) - set(kept)
    while level and missing and len(kept) < NODES:
        following: list[Any] = []
        for obj in level:
            for child in _children(obj):
                place = id(child)
                if place in kept or (place not in targets and is_a(child, _STOP)):
                    continue
                kept[place] = child
                parents[place] = id(obj)
                missing.discard(place)
                if place not in targets:
                    following.append(child)
        level = following
    return parents, kept


def _children(obj: Any) -> Sequence[Any]:
    """Return what an object refers to; of a function not its globals, which would lead everywhere."""
    if is_a(obj, FunctionType):
        return [obj.__closure__, obj.__defaults__, obj.__kwdefaults__, contents(obj)]
    return get_referents(obj)


def _unwind(kept: Kept, parents: dict[int, int], place: int) -> list[Any]:
    found = [kept[place]]
    while parents[place] != place:
        place = parents[place]
        found.append(kept[place])
    return found[::-1]


class RetentionPath(NamedTuple):
    """``chain`` leads from a root, or from the farthest holder that the collector sees, to the target.

    ``named`` tells which; ``prefix`` is how many of its objects the index of names gave.
    """

    chain: list[Any]
    named: bool
    prefix: int


def backward(target: Any, module: Any = None, ours: Sequence[Any] = (), walls: Sequence[Any] = ()) -> RetentionPath:
    """Search the whole heap for the shortest chain of objects from a root to ``target``.

    ``ours`` are objects of the caller that hold the target and do not count; no chain leads through ``walls``. The
    surroundings of the program's own names are tried first, and of large containers there only the entries that were
    added last; a chain through older ones may be shorter. In a large heap the surroundings of all names follow, and of
    what is large only where it stands. Then each level is one ``get_referrers`` call for
    the whole frontier, so the cost is a few passes over the heap, however many objects are in it. No collection is
    started meanwhile: the search makes many small objects, and each pass of the collector would cost as much as one of
    its own.
    """
    collecting = isenabled()
    disable()
    try:
        return _backward(target, module, ours, walls)
    finally:
        if collecting:
            enable()


def _backward(target: Any, module: Any, ours: Sequence[Any], walls: Sequence[Any]) -> RetentionPath:
    budget = max(NEAR, getallocatedblocks() // SHARE)
    own = _outside(roots.neighbours(target, module), walls)
    large: Large = {}
    found = _glanced(target, own, walls) or _near(target, own, budget, walls, large)
    if found is not None:
        return found
    index = _outside(roots.index(module), walls)
    if getallocatedblocks() > LARGE or id(target) in index:
        found = _near(target, index, budget, walls, large)
        if found is not None:
            return found
    levels: list[list[Any]] = [[target]]
    seen: Kept = {id(obj): obj for obj in (target, own, index, levels, large, ours, *ours, walls, *walls)}
    for found_there in large.values():
        seen.update((id(obj), obj) for obj in (found_there, *found_there[1]))
    # The search's own containers refer to what it visits; the cycle through ``seen`` is broken again below.
    seen[id(seen)] = seen
    try:
        start = _climb(levels, seen, index, large)
        if start:
            return RetentionPath(_joined(list(start), levels), True, len(start))
        return RetentionPath(_joined([levels[-1][0]], levels[:-1]), False, 0)
    finally:
        seen.clear()


def _outside(index: roots.Index, walls: Sequence[Any]) -> roots.Index:
    """Return the index without the ways that lead through a wall."""
    closed = {id(obj) for obj in walls}
    if not closed:
        return index
    return {place: objects for place, objects in index.items() if not any(id(obj) in closed for obj in objects)}


def _glanced(target: Any, index: roots.Index, walls: Sequence[Any]) -> RetentionPath | None:
    """Search forward as ``_near`` does, but of a large container only the entries that were added last.

    What is asked about was mostly made a moment ago, and lists and dicts keep their entries in that order.
    """
    return _near(target, index, len(index) + GLANCE, walls, None)


def _near(
    target: Any, index: roots.Index, budget: int, walls: Sequence[Any], large: Large | None
) -> RetentionPath | None:
    """Search forward from all of an index at once until ``budget`` objects were seen.

    A level is one ``get_referents`` call for all its objects; who refers to whom is asked only along the chain found.
    What is large is passed by, and entered into ``large``; without ``large`` its youngest entries
    are looked at.
    """
    if id(target) in index:
        return RetentionPath(list(index[id(target)]), True, len(index[id(target)]))
    seen = {*index, *[id(obj) for obj in walls]}
    levels = [[objects[-1] for objects in index.values()]]
    while levels[-1] and len(seen) < budget:
        level = [obj for obj in levels[-1] if not is_a(obj, _STOP)]
        most = YOUNGEST if large is None else budget // 4
        wide = [obj for obj in level if _extent(obj) > most]
        if wide:
            level = [obj for obj in level if _extent(obj) <= most]
        children = list(filter(is_tracked, get_referents(*level)))
        if large is None:
            for obj in wide:
                children += filter(is_tracked, _youngest(obj))
            level += wide
        else:
            for obj in wide:
                large.setdefault(id(obj), (obj, levels[:-1], index))
        levels[-1] = level
        fresh = dict(zip(map(id, children), children))
        if id(target) in fresh:
            return _named(index, _descended(levels, target, large is None))
        for place in seen.intersection(fresh):
            del fresh[place]
        seen.update(fresh)
        levels.append(list(fresh.values()))
    return None


def _named(index: roots.Index, chain: list[Any]) -> RetentionPath:
    """Put before a chain what leads to its first object."""
    start = list(index[id(chain[0])])
    return RetentionPath(start[:-1] + chain, True, len(start))


def _youngest(obj: Any) -> list[Any]:
    """Return the entries of a built-in container that were added last; of a set, which has no order, none."""
    if type(obj) is dict:
        pairs = list(islice(reversed(dict.items(obj)), YOUNGEST))
        return [part for pair in pairs for part in pair]
    return list(obj[-YOUNGEST:]) if type(obj) is not set else []


def _extent(obj: Any) -> int:
    """Return the number of entries of a built-in container; other objects are small."""
    kind = type(obj)
    return len(obj) if kind is list or kind is dict or kind is tuple or kind is set else 0


def _descended(levels: list[list[Any]], target: Any, glancing: bool) -> list[Any]:
    """Return the chain through the levels to the target, from the first level on."""
    chain = [target]
    for level in reversed(levels):
        for obj in level:
            if any(child is chain[-1] for child in _entries(obj, glancing)):
                chain.append(obj)
                break
    return chain[::-1]


def _entries(obj: Any, glancing: bool) -> Sequence[Any]:
    return _youngest(obj) if glancing and _extent(obj) > YOUNGEST else get_referents(obj)


def _climb(levels: list[list[Any]], seen: Kept, index: roots.Index, large: Large) -> roots.Objects:
    """Add levels of referrers until the way to one is known, and return that; nothing if there are no more."""
    while len(levels) <= LEVELS:
        seen[id(levels[-1])] = levels[-1]
        found = _referrers(levels[-1], seen)
        ends = [id(obj) for obj in found if id(obj) in index or id(obj) in large]
        if ends:
            return min([index[end] if end in index else _descent(*large[end]) for end in ends], key=len)
        if not found:
            break
        levels.append(sorted(found, key=_promise)[:WIDTH])
        del found, ends
    return ()


def _descent(obj: Any, levels: list[list[Any]], index: roots.Index) -> roots.Objects:
    return tuple(_named(index, _descended(levels, obj, False)).chain)


def alike(path: RetentionPath, targets: Sequence[Any]) -> list[list[Any]]:
    """Return chains from the same named holder to each of the targets that it reaches."""
    return _reach(path.chain[: path.prefix], [], targets) if path.named else [path.chain]


def _referrers(frontier: list[Any], seen: Kept) -> list[Any]:
    """Return who refers to the frontier and was not seen: neither this package's frames nor mere instances."""
    kinds = {id(obj) for obj in frontier if is_a(obj, type)}
    found: list[Any] = []
    asked = tuple(frontier)  # from 3.13 on the collector shows what it was called with, too
    for obj in get_referrers(*asked):
        if id(obj) in seen or id(type(obj)) in kinds or obj is found or obj is asked:
            continue
        if is_a(obj, FrameType) and obj.f_code.co_filename.startswith(_OWN):
            continue
        found.append(obj)
    for obj in found:
        seen[id(obj)] = obj
    return found


def _promise(obj: Any) -> int:
    """Rank what a search follows first where there is too much: containers and namespaces before code and frames."""
    if is_a(obj, (dict, list, set)):
        return 0
    if is_a(obj, (FrameType, FunctionType)):
        return 2
    return 1


def _joined(start: list[Any], levels: list[list[Any]]) -> list[Any]:
    """Append to a chain, from the outermost level in, the first object that its last one refers to."""
    for level in reversed(levels):
        members = {id(obj): obj for obj in level}
        held = next((members[id(child)] for child in get_referents(start[-1]) if id(child) in members), None)
        if held is None:
            continue
        start.append(held)
    return start


def times(holder: Any, objects: Sequence[Any], place: int) -> int:
    """Count how often ``holder`` refers to ``objects[place]``."""
    count = 0
    for child in get_referents(holder):
        if child is objects[place]:
            count += 1
    return count


def references(target: Any, ours: Sequence[Any]) -> int:
    """Count the references to ``target`` that the collector can see, but for those from ``ours`` and this package."""
    skipped = {id(ours), *[id(obj) for obj in ours]}
    count = 0
    for obj in get_referrers(target):
        if id(obj) in skipped or (is_a(obj, FrameType) and obj.f_code.co_filename.startswith(_OWN)):
            continue
        # No comprehension here: before 3.12 its cell would be one more holder of the target.
        for child in get_referents(obj):
            if child is target:
                count += 1
    return count
