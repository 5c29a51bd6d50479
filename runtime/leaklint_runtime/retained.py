"""How much memory goes with an object: itself and what only it keeps."""

from __future__ import annotations

from types import FrameType, FunctionType, ModuleType
from typing import Any, Iterator, Sequence

from .early import get_referents, getrefcount, getsizeof, is_a

NODES = 100_000
_SHARED = (ModuleType, type, FunctionType, FrameType)
_BUILT_IN = (dict, list, set, tuple)


def retained(targets: Sequence[Any], parts: Sequence[Any] = ()) -> int:
    """Return bytes a target: the shallow sizes of the targets and of all they reach that nothing outside refers to.

    An object belongs to the set if all its references come from the set, or from ``parts``, the containers that leak; objects
    that fail are taken out, and with them what they hold, until nothing changes. So what several targets share counts, once
    for all of them. Modules, classes, functions and frames belong to others, and so does what lies more than ``NODES``
    objects away.
    """
    objects = _reach(targets)
    # Each object is referred to by the list, the dict's value is the same list entry, and the call's argument.
    references = [_count(objects, place) for place in range(len(objects))]
    places = {id(obj): place for place, obj in enumerate(objects)}
    children = [[places[id(child)] for child in get_referents(obj) if id(child) in places] for obj in objects]
    inner = [0] * len(objects)
    for held in [*children, [places[id(obj)] for obj in _entries(parts, places) if id(obj) in places]]:
        for place in held:
            inner[place] += 1
    owned = [True] * len(objects)
    pending = [place for place in range(len(targets), len(objects)) if references[place] > inner[place]]
    while pending:
        place = pending.pop()
        if not owned[place]:
            continue
        owned[place] = False
        pending.extend(child for child in children[place] if child >= len(targets) and owned[child])
    return sum(getsizeof(obj, 0) for obj, mine in zip(objects, owned) if mine) // len(targets)


def _entries(parts: Sequence[Any], inside: dict[int, int]) -> Iterator[Any]:
    """Yield what leaking containers hold, and what the containers in them hold unless these are ``inside`` already."""
    for part in parts:
        for obj in get_referents(part):
            yield obj
            if is_a(obj, _BUILT_IN) and id(obj) not in inside:
                yield from get_referents(obj)


def _reach(targets: Sequence[Any]) -> list[Any]:
    found: list[Any] = list(targets)
    seen: dict[int, None] = {id(target): None for target in targets}
    for obj in found:
        if len(found) >= NODES:
            break
        for child in get_referents(obj):
            if id(child) not in seen and not is_a(child, _SHARED):
                seen[id(child)] = None
                found.append(child)
    return found


def _count(objects: list[Any], place: int) -> int:
    """Return the references to an object but for those of this module (measured on an object of our own)."""
    return _raw(objects, place) - _OWN


def _raw(objects: list[Any], place: int) -> int:
    return getrefcount(objects[place])


_OWN = _raw([object()], 0)
