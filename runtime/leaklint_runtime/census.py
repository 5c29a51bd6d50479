"""All objects that are alive, by type, with their sizes.

The collector lists containers; what it does not track (text, numbers, buffers) is found through them. Sizes are those
of ``sys.getsizeof``, whose answer a type may compute itself, so this runs where finalizers may run: in a clone.
"""

from __future__ import annotations

import gc
from typing import Any, NamedTuple

from .early import get_objects, get_referents, getsizeof, is_tracked, optional
from .pymalloc import LARGEST

BATCH = 2_000
HEADER = 16  # of an object that the collector tracks
CHUNK = 16  # what malloc adds to an allocation, on average
# Made from the address, one to one. The function id() is watched by audit hooks, which a clone has: five times slower.
_identity = object.__hash__
_type = optional("builtins").type
_itemsize = _type.__dict__["__itemsize__"].__get__
_basicsize = _type.__dict__["__basicsize__"].__get__
_qualname = _type.__dict__["__qualname__"].__get__


class Kind(NamedTuple):
    """``number`` objects of one type with ``size`` bytes in all."""

    name: str
    number: int
    size: int


class Census(NamedTuple):
    """``size`` bytes of ``number`` objects; ``large`` of these bytes come from ``malloc`` and not from pymalloc.

    ``pieces`` is the number of these allocations; ``kinds`` are the types with the most bytes, largest first.
    """

    number: int
    size: int
    large: int
    pieces: int
    kinds: tuple[Kind, ...]


def take(most: int = 12, limit: int = 20_000_000) -> Census:
    """Count the objects that are alive; at most ``limit`` of them. Frozen ones are unfrozen for it."""
    gc.unfreeze()
    tally: dict[int, list[Any]] = {}
    seen: dict[int, None] = {}
    total = [0, 0]
    objects = get_objects()
    for start in range(0, len(objects), BATCH):
        batch = objects[start : start + BATCH]
        _count(batch, tally, total)
        level: Any = batch
        while level:
            held = get_referents(*level)
            # Once each: most of what is held is held many times, and this runs at the speed of C.
            fresh = dict(zip(map(_identity, held), held))
            for place in seen.keys() & fresh.keys():
                del fresh[place]
            level = [obj for obj in fresh.values() if not is_tracked(obj)]
            seen.update(dict.fromkeys(map(_identity, level)))
            _count(level, tally, total)
        if len(seen) > limit:
            break
    rows = sorted(tally.values(), key=lambda row: -row[2])
    number, size = sum(row[1] for row in rows), sum(row[2] for row in rows)
    kinds = tuple(Kind(_name(row[0]), row[1], row[2]) for row in rows[:most])
    return Census(number, size, total[0] + CHUNK * total[1], total[1], kinds)


def _count(objects: Any, tally: dict[int, list[Any]], total: list[int]) -> None:
    for obj in objects:
        kind = type(obj)
        size = _size(obj)
        row = tally.get(_identity(kind))
        if row is None:
            row = tally[_identity(kind)] = [kind, 0, 0]
        row[1] += 1
        row[2] += size
        if size > LARGEST:
            body = size if kind is str or _itemsize(kind) else size - _basicsize(kind) - HEADER
            if body > LARGEST:
                total[0] += body
                total[1] += 1


def _size(obj: Any) -> int:
    try:
        return getsizeof(obj, 0)
    except Exception:
        return 0


def _name(kind: Any) -> str:
    module = _type.__dict__["__module__"].__get__(kind)
    return _qualname(kind) if module in ("builtins", None) else f"{module}.{_qualname(kind)}"
