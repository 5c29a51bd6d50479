"""Containers that grow in turn: each of many seldom, all of them together without end, as the buckets of a hash table do.

No single one of them rises often enough to be said to grow. They are told as one holder: the object that all of them are
reached through.
"""

from __future__ import annotations

import re
from typing import Any, Sequence

from .. import chains, growth
from ..early import ModuleType, get_referents, is_a
from ..fit import LINEAR
from . import naming
from .candidates import CONTAINER, FAMILY, Candidate, Points, is_namespace

LEAST = 4  # containers that rose: fewer are told one by one
MANY = 8  # more that grow each by itself are told as one
MOST = 2_000  # siblings that are followed
_PLACE = re.compile(r"\[[^\[\]]*\]")


def folded(symbol: str) -> str:
    """Return a holder's symbol with ``[*]`` for each key and place: the same for all entries of a container."""
    return _PLACE.sub("[*]", symbol)


def gathered(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Return the candidates, containers that only grow together replaced by the holder of all of them.

    Many that grow each by itself are told as one, too, and not at all where the holder of all of them grows.
    """
    groups: dict[str, list[Candidate]] = {}
    for item in candidates:
        if item.sort == CONTAINER and item.chain and "[" in item.label.symbol and not is_namespace(item):
            groups.setdefault(folded(item.label.symbol), []).append(item)
    found: list[Candidate] = []
    gone: set[int] = set()
    growing = {id(item.obj) for item in candidates if item.trend.kind == LINEAR}
    for members in groups.values():
        alone = sum(item.trend.kind == LINEAR for item in members)
        if len(members) < LEAST or (2 * alone >= len(members) and len(members) <= MANY):
            continue
        points = _sum(members)
        fit = growth.count_trend(points)
        chain = common([item.chain for item in members])
        if id(chain[-1]) in growing and len(members) > MANY:
            gone.update(id(item.obj) for item in members)
        elif fit.kind == LINEAR and id(chain[-1]) not in growing:
            objects = [item.obj for item in members]
            name, everyone = naming.named(chain), _siblings(chain[-1], objects)
            found.append(Candidate(FAMILY, chain[-1], points, fit, chain=chain, name=name, members=everyone))
            gone.update(map(id, objects))
    return [*found, *[item for item in candidates if item.sort != CONTAINER or id(item.obj) not in gone]]


def _siblings(owner: Any, members: Sequence[Any]) -> tuple[Any, ...]:
    """Return all containers of this type that the owner holds, if its members are among them: the next one may rise next."""
    held = [child for child in get_referents(owner) if type(child) is type(members[0])]
    return tuple(held) if len(held) <= MOST and {*map(id, members)} <= {*map(id, held)} else tuple(members)


def _sum(members: Sequence[Candidate]) -> Points:
    """Return the entries of all members at each x; of one that came later its first number is a rise."""
    total: dict[float, float] = {}
    for item in members:
        for x, size in item.points:
            total[x] = total.get(x, 0.0) + size
    return tuple(sorted(total.items()))


def common(paths: Sequence[Sequence[Any]]) -> tuple[Any, ...]:
    """Return the part that all chains begin with, without the dict of attributes or the object of C code that it may end in."""
    first = paths[0]
    length = min(map(len, paths))
    same = next((place for place in range(length) if any(path[place] is not first[place] for path in paths)), length)
    while same > 1 and _is_namespace(first, same - 1):
        same -= 1
    return tuple(first[: max(same, 1)])


def _is_namespace(chain: Sequence[Any], place: int) -> bool:
    obj = chain[place]
    return is_a(obj, dict) and not is_a(obj, ModuleType) and chains.is_namespace(chain[place - 1], obj)
