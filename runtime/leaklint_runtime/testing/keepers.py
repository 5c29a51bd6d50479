"""Which containers of before a test keep what it has made.

From what is left it goes backwards through the young objects, which are few, and then the collector is asked who refers to
these. It visits each object of the process once for that, in C, which costs less than to measure the length of every container.
"""

from __future__ import annotations

from types import FrameType, TracebackType
from typing import Any, Sequence

from ..discovery.candidates import memo_table
from ..discovery.measures import LENGTHS, MEMO
from ..early import ModuleType, freeze, get_objects, get_referents, get_referrers, is_a, ref, unfreeze

MOST = 32  # young objects that are asked about: each is compared with every reference of the process
NODES = 20_000  # young objects that are gone through
_MEASURED = tuple(base for base, _ in LENGTHS)
_ENDS = (type, ModuleType, FrameType, TracebackType, ref)


def keepers(left: Sequence[Any], young: dict[int, Any]) -> list[Any]:
    """Return containers that are not ``young`` and keep what is ``left``, themselves or by way of young objects.

    Of many objects some of each type are followed. Leaves everything behind the fence.
    """
    asked = _some_of_each_type(_leading_to(left, young))
    later = set(map(id, get_objects()))  # also what this search itself and its callers have made by now
    unfreeze()
    try:
        found = [obj for obj in get_referrers(*asked) if is_a(obj, _MEASURED)]
    finally:
        freeze()
    return _without_tables([obj for obj in found if id(obj) not in young and id(obj) not in later])


def _leading_to(left: Sequence[Any], young: dict[int, Any]) -> list[Any]:
    """Return what is left, and the young objects that lead to it; those come first that no young object refers to."""
    parents: dict[int, list[Any]] = {}
    for obj in list(young.values())[:NODES]:
        if not is_a(obj, _ENDS):
            for child in get_referents(obj):
                if id(child) in young:
                    parents.setdefault(id(child), []).append(obj)
    found = list(left)
    seen = set(map(id, found))
    for obj in found:
        fresh = [parent for parent in parents.get(id(obj), ()) if id(parent) not in seen]
        seen.update(map(id, fresh))
        found += fresh
    return sorted(found, key=lambda obj: id(obj) in parents)


def _some_of_each_type(objects: Sequence[Any]) -> list[Any]:
    """Return at most ``MOST`` of the objects, as many of each type as there is room for."""
    by_type: dict[Any, list[Any]] = {}
    for obj in objects:
        by_type.setdefault(type(obj), []).append(obj)
    share = max(1, MOST // max(1, len(by_type)))
    return [obj for members in by_type.values() for obj in members[:share]][:MOST]


def _without_tables(objects: Sequence[Any]) -> list[Any]:
    """Leave out the dicts of memoisers that are among the objects themselves."""
    inner = {id(memo_table(obj)) for obj in objects if is_a(obj, MEMO)}
    return [obj for obj in objects if id(obj) not in inner]
