"""Which containers of the process became longer since the last look.

Nothing is kept alive for it: lengths are noted by address, and a container at an address that was another's before is at
worst looked into for nothing.
"""

from __future__ import annotations

from itertools import compress
from operator import gt
from typing import Any

from ..discovery.measures import measured_types
from ..early import freeze, get_objects, unfreeze


class Lengths:
    """``grown`` compares with the call before it."""

    def __init__(self) -> None:
        self._last: dict[int, int] = {}

    def grown(self) -> list[Any]:
        """Return the containers that were there before and have more entries now. Leaves everything behind the fence."""
        kinds = measured_types()
        unfreeze()
        things = get_objects()
        freeze()
        by_type: dict[Any, list[Any]] = {
            kind: [thing for thing in things if type(thing) is kind] for kind in (dict, list, set)
        }
        others = [thing for thing in things if type(thing) in kinds and type(thing) not in by_type]
        del things
        for thing in others:
            by_type.setdefault(type(thing), []).append(thing)
        now: dict[int, int] = {}
        found: list[Any] = []
        for kind, members in by_type.items():
            places, sizes = list(map(id, members)), list(map(kinds[kind], members))
            grew = map(gt, sizes, map(self._last.get, places, sizes))
            found += compress(members, grew)
            now.update(zip(places, sizes))
        own = id(self._last)
        self._last = now
        return [thing for thing in found if id(thing) != own]
