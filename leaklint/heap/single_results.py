"""Functions that run once because a memoiser keeps their only result."""

from __future__ import annotations

from leaklint.heap.effects import Effects
from leaklint.heap.points_to import PointsTo


def kept_results(heap: PointsTo, effects: Effects) -> frozenset[str]:
    """Return the memoised functions without parameters whose caches nothing clears."""
    bare = [one for one in heap.functions.values() if one.decorators and not one.params and not one.parent]
    memoised = {
        value for one in bare for value in heap.attributes.decorated(one) or () if value[:2] == ("memo", one.key)
    }
    if not memoised:
        return frozenset()
    for clearing in effects.external:
        if clearing.name == "?memo.cache_clear" and clearing.call[1][0] == "attr":
            memoised -= heap.evaluate(clearing.call[1][1])
    return frozenset(value[1] for value in memoised)
