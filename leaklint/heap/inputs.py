"""Keys that come in with requests: paths, queries, addresses, of which whoever sends them makes as many as he likes."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING

from leaklint.contracts.texts import ONE_FOR_ONE
from leaklint.flow.model import Event
from leaklint.flow.terms import Term, options, root, walk
from leaklint.heap.effects import Effect, Effects

if TYPE_CHECKING:
    from leaklint.heap.points_to import PointsTo

_ENVIRONMENT = "wsgiref.environ"
_PASSING = frozenset({"text", "inner"})  # by contract: as many values as their argument has
_COMPARING = frozenset({"==", "!=", "is", "is not", "not", "and", "or"})
_DEPTH = 8
_MOST = 200  # of the terms behind those of one step that are followed


class Inputs:
    """Follows keys back to what a request brings along."""

    def __init__(self, heap: PointsTo, effects: Effects) -> None:
        """Take what terms denote, and the call graph."""
        self.heap = heap
        self.effects = effects
        self._known: dict[Term, bool] = {}

    def gives_key(self, store: Effect) -> bool:
        """Tell whether a store files under what a request brings along, whatever that is: only the container is asked."""
        key = store.key
        if key is None or not self._comes_in(key):
            return False
        events = [store.event, *(call.event for call in store.chain)]
        return not any(self._is_restricted(event, key, store.container) for event in events)

    def _is_restricted(self, event: Event, key: Term, container: Term | None = None) -> bool:
        """Tell whether guards let only some keys pass."""
        tests = (guard.test for guard in event.guards if guard.kind in {"if", "past"})
        return any(self._restricts(test, key, container) for test in tests)

    def _restricts(self, test: Term, key: Term, container: Term | None) -> bool:
        """Tell whether a test asks more of a part of a key than whether that is one constant."""
        if test[0] == "op" and test[1] in _COMPARING:
            return any(self._restricts(part, key, container) for part in test[2])
        if test[0] not in {"op", "call", "elem"} or (
            container is not None and container in self.heap.looked_into(test)
        ):
            return False
        parts = {one for one in walk(key) if one[0] in {"param", "call", "elem", "cell", "fresh"}}
        return not parts.isdisjoint(walk(test))

    def _comes_in(self, term: Term) -> bool:
        if term not in self._known:
            self._known[term] = self._leads_to_source(term)
        return self._known[term]

    def _leads_to_source(self, term: Term) -> bool:
        """Tell whether a term is what a request brings along, or has as many values as that: each term is followed once."""
        level = dict.fromkeys(options(term))
        seen = set(level)
        for _ in range(_DEPTH):
            if any(map(self._is_source, level)):
                return True
            behind = (one for term in level for part in self._behind(term) for one in options(part))
            level = dict.fromkeys(one for one in islice(behind, _MOST) if one not in seen)
            seen |= level.keys()
        return any(map(self._is_source, level))

    def _behind(self, term: Term) -> Iterator[Term]:
        """Yield the terms of which a term has as many values."""
        kind = term[0]
        if kind in {"tuple", "text"}:
            yield from term[1]
        elif kind == "comp" or (kind == "op" and term[1] in {"or", "+", "%"}):
            yield from term[2]
        elif kind == "param":
            yield from self._handed_in(term)
        elif kind == "cell":
            yield from (one for one in self.heap.cell(term) if one != term)
        elif kind == "elem" and term[1][0] == "param":
            yield from self._words(term[1])
        elif kind == "call":
            yield from self._through(term)

    def _through(self, call: Term) -> Iterator[Term]:
        callee = call[1]
        if callee[0] == "attr" and callee[2] in ONE_FOR_ONE:
            yield callee[1]
            return
        values = self.heap.evaluate(callee)
        if any(value[0] == "ext" and self.heap.contracts.keys(value[1]) in _PASSING for value in values):
            yield from call[2][:1]
        for value in values:
            if value[0] in {"func", "method"}:
                receiver = self.heap.calling.receiver_term(call, value) if value[0] == "method" else None
                bound = self.heap.calling.bind(value[-1], call, receiver)
                for event in self.heap.functions[value[-1]].events:
                    if event.kind == "return":
                        yield self.heap.calling.substituted(event.terms[0], value[-1], bound)

    def _handed_in(self, param: Term) -> Iterator[Term]:
        """Yield what callers hand in for a parameter, whatever that is."""
        for call in self.effects.calls.get(param[1], ()):
            given = call.bound.get(param[2])
            if given is not None and not self._is_restricted(call.event, given):
                yield given

    def _words(self, param: Term) -> Iterator[Term]:
        """Yield what callers give by keywords that no other parameter takes, for a parameter ``**words``."""
        function = self.heap.functions[param[1]]
        named = {one.name for one in function.params}
        if any(one.name == param[2] and one.kind == "**" for one in function.params):
            for call in self.effects.calls.get(param[1], ()):
                given = (value for word, value in call.term[3] if word not in named)
                yield from (one for one in given if not self._is_restricted(call.event, one))

    def variable(self, term: Term) -> str:
        """Return what contracts say of the variable of a request's environment that a term looks up; nothing for others."""
        base, word = _looked_up(term)
        known = word is not None and base is not None and root(base)[0] in {"param", "cell", "attr"}
        return self.heap.contracts.keys(f"{_ENVIRONMENT}.{word}") if known else ""

    def _is_source(self, term: Term) -> bool:
        """Tell whether a term is a variable of a request's environment, or an attribute of a request, by contract."""
        if term[0] != "attr":
            return self.variable(term) == "input"
        for value in self.heap.evaluate(term[1]):
            owners = [value[1]] if value[0] in {"extinst", "ext"} else []
            if value[0] in {"self", "inst"} and value[1] in self.heap.names.classes:
                owners = list(self.heap.classes.outside(value[1]))
            if any(self._is_named(f"{owner}.{term[2]}") for owner in owners):
                return True
        return False

    def _is_named(self, name: str) -> bool:
        return self.heap.contracts.keys(name) == "input"


def _looked_up(term: Term) -> tuple[Term | None, str | None]:
    """Return a mapping and the constant under which a term looks into it."""
    key: Term | None = None
    base: Term | None = None
    if term[0] == "elem":
        base, key = term[1], term[2]
    elif term[0] == "call" and term[1][0] == "attr" and term[1][2] == "get" and term[2]:
        base, key = term[1][1], term[2][0]
    text = key is not None and key[0] == "const" and key[2] == "str"
    return (base, key[1].strip("'\"")) if text and key is not None else (None, None)
