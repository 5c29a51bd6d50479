"""Annotations of what terms denote: of parameters and fields, and of copies of what is in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leaklint.contracts.containers import MAPPINGS
from leaklint.flow.terms import Term

if TYPE_CHECKING:
    from leaklint.heap.points_to import PointsTo

_MOST = 4  # assignments of a field that are asked what is handed in for them
_LIKE = frozenset({"list", "tuple", "set", "frozenset", "deque", "dict"})  # made of one such, each has what that has
_COPIES = frozenset({"copy", "__copy__"})


class Hints:
    """Finds the annotation that says what a term is."""

    def __init__(self, heap: PointsTo) -> None:
        """Take what is asked for everything else."""
        self.heap = heap

    def of(self, term: Term) -> Term | None:
        """Return the annotation of a parameter or a field, also for a copy of it, put in order or cut; else None."""
        term = self._copied(term)
        if term[0] == "param":
            function = self.heap.functions.get(term[1])
            params = function.params if function is not None else ()
            return next((one.annotation for one in params if one.name == term[2]), None)
        return self._of_field(term) if term[0] == "attr" else None

    def copied_mapping(self, term: Term) -> Term | None:
        """Return the mapping whose keys a sequence or a set is made of: ``TABLE`` of ``list(TABLE)``; else None."""
        source = self._copied(term) if term[0] in {"slice", "call"} else term
        if source is term or not all(
            one[0] == "container" and one[1] in _LIKE - {"dict"} for one in self.heap.evaluate(term)
        ):
            return None
        values = self.heap.evaluate(source)
        return source if values and all(one[0] == "container" and one[1] in MAPPINGS for one in values) else None

    def _copied(self, term: Term) -> Term:
        """Return what a term is a copy of; of anything else the term itself."""
        while term[0] in {"slice", "call"}:
            given = term[1] if term[0] == "slice" else self._argument(term)
            if given is None:
                break
            term = given
        return term

    def _argument(self, call: Term) -> Term | None:
        """Return what a call copies: its argument, or what the method is called on."""
        if call[1][0] == "attr" and call[1][2] in _COPIES and not call[2]:
            found: Term = call[1][1]
            return found
        names = [one[1] for one in self.heap.evaluate(call[1]) if one[0] == "ext"] if len(call[2]) == 1 else []
        return call[2][0] if names and all(map(self._copies, names)) else None

    def _copies(self, name: str) -> bool:
        klass = self.heap.contracts.klass(name)
        return self.heap.contracts.returned(name)[:5] == "copy " or (klass is not None and klass.container in _LIKE)

    def _of_field(self, term: Term) -> Term | None:
        for value in self.heap.evaluate(term[1]):
            if value[0] not in {"self", "inst"} or value[1] not in self.heap.names.classes:
                continue
            for one in self.heap.classes.order(value[1]):
                if term[2] in self.heap.names.classes[one].annotations:
                    return self.heap.names.classes[one].annotations[term[2]]
            for _, event in self.heap.attributes.field_terms(value[1], term[2])[:_MOST]:
                if event.terms[1][0] == "param" and (hint := self.of(event.terms[1])) is not None:
                    return hint
        return None
