"""What memoisers wrap: functions that run once because their only result is kept, methods whose objects are."""

from __future__ import annotations

from collections.abc import Iterator

from leaklint.flow.terms import Term
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


def memoised_methods(heap: PointsTo, term: Term) -> Iterator[Term]:
    """Yield what a term's memoised function wraps: ``cache(self.find)``, also where a field is read that was assigned that."""
    owners = [value[1] for value in heap.evaluate(term[1]) if value[0] in {"self", "inst"}] if term[0] == "attr" else []
    fields = [event.terms[1] for owner in owners for _, event in heap.attributes.field_terms(owner, term[2])]
    yield from (argument for call in (term, *fields) if call[0] == "call" for argument in call[2])
