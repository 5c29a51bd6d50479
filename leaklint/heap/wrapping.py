"""Entries that are wrapped when they are stored, and looked for by what they were given: no wrapper equals that."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from leaklint.flow.terms import NONE, Term, walk
from leaklint.heap.arguments import call_arguments
from leaklint.heap.effects import Effect
from leaklint.heap.identity import makes_apart
from leaklint.heap.key_guards import asked_before, conjuncts

if TYPE_CHECKING:
    from leaklint.heap.coverage import Coverage
    from leaklint.heap.retained import Store

    Place = tuple[int, int, int, int]

_EQUAL = frozenset({"==", "is"})
_UNEQUAL = frozenset({"!=", "is not"})
_INSTANCES = frozenset({"self", "inst"})


class Wrapping:
    """Compares what stores wrap with what removals look for."""

    def __init__(self, coverage: Coverage) -> None:
        """Take what is asked for everything else."""
        self.coverage = coverage
        self.removals = coverage.removals
        self.heap = coverage.removals.heap

    def around(self, removal: Effect, store: Effect) -> str:
        """Return what a store makes around its entry, where a removal looks for the bare entry; else nothing.

        Nobody but the holder has what was made, so that no caller of the removal can hand it in.
        """
        value = store.value
        if value is not None and (wrapper := self._made_from_removed(removal, store, value)):
            return wrapper
        looked_for = self._looked_for(removal)
        if value is None or not looked_for or any(key[:2] != ("param", removal.function) for key in looked_for):
            return ""
        wrapper = self._wrapper_of(value)
        if not wrapper or not self._has_given(value, store) or self._gets_out(value, store):
            return ""
        if any(self._may_be(key, value) for key in looked_for):
            return ""
        return wrapper

    def _made_from_removed(self, removal: Effect, store: Effect, value: Term) -> str:
        """Return what a package makes of the very thing that is removed when what was made is done; nothing for others.

        The call that is handed the removal as the last to be done for its entry thereby removes what the entry was made from.
        """
        results = self.heap.evaluate(value) if value[0] == "call" and removal.how in {"remove", "discard"} else ()
        if (
            store.chain
            or not results
            or not all(result[0] == "extinst" and result[2] == value[4] for result in results)
        ):
            return ""
        arguments = set(call_arguments(value))
        arguments |= {part for result in arguments if result[0] in {"tuple", "list"} for part in result[1]}
        removed = self._removed(removal)
        paths, home = self.removals.paths, self.heap.functions[store.function]
        if not removed or not removed <= arguments:
            return ""
        if not any(paths.is_last(event, store) for event in paths.handing(removal.function, home)):
            return ""
        return " or ".join(sorted(f"a {result[1].rpartition('.')[2]}" for result in results))

    def _removed(self, removal: Effect) -> set[Term]:
        """Return what a removal takes out: for a parameter of its function, what all callers hand in."""
        key = removal.key
        if key is None or key[:2] != ("param", removal.function):
            return set(self.heap.cell(key) if key[0] == "cell" else (key,)) if key is not None else set()
        return {call.bound.get(key[2], key) for call in self.removals.effects.calls.get(removal.function, ())}

    def keeps_what_nobody_has(self, removal: Effect, store: Store) -> bool:
        """Tell whether a removal looks for what its callers name, and a store keeps what no caller has: a lambda in a call."""
        looked_for, chain = self._looked_for(removal), store.retained.chain
        if not looked_for or any(key[:2] != ("param", removal.function) for key in looked_for):
            return False
        steps = [(store.effect.value or NONE, store.effect.function, store.effect.event.place)]
        for call in chain:
            term = steps[-1][0]
            given = call.bound.get(term[2], NONE) if term[:2] == ("param", call.callee) else NONE
            steps.append((given, call.caller, call.event.place))
        value, home, _ = steps[-1]
        alone = self._is_made_for_call(value, home) and not any(self._is_used(*step) for step in steps)
        return alone and not any(self._may_be(key, value) for key in looked_for)

    def _is_made_for_call(self, term: Term, key: str) -> bool:
        """Tell whether a term makes a function, of a lambda or a partial, that no variable stands for."""
        if any(term in values for values in self.heap.functions[key].assigned.values()):
            return False
        if term[0] == "func":
            return self.heap.functions[term[1]].name == "<lambda>"
        values = self.heap.evaluate(term) if term[0] == "call" else ()
        return bool(values) and all(value[0] == "partial" for value in values)

    def _is_used(self, term: Term, key: str, place: Place) -> bool:
        """Tell whether a function does anything else with a term than what stands at a place."""
        others = (event for event in self.heap.functions[key].events if event.place != place)
        return any(term in walk(top) for event in others for top in event.terms if top != term or event.kind != "call")

    # what a removal looks for

    def looks_for_others(self, removal: Effect, store: Effect) -> bool:
        """Tell whether a removal takes out what equals something that never equals what a store puts in."""
        if store.value is None or store.key is not None:
            return False
        differ = self.coverage.equality.differ
        return any(differ(key, store.value) for key in self._looked_for(removal))

    def _looked_for(self, removal: Effect) -> list[Term]:
        """Return what a removal compares entries with; none where it may take them out by something else."""
        if removal.how in {"filter", "rebuild"}:
            return self._left_out(removal.value)
        if (
            removal.key is not None
            and removal.how in {"remove", "discard"}
            and not self._is_entry(removal.key, removal)
        ):
            return [removal.key]
        return [
            other
            for test, holds in asked_before(removal.event)
            for entry, other in _compared(test, holds, equal=True)
            if self._is_entry(entry, removal)
        ]

    @staticmethod
    def _left_out(value: Term | None) -> list[Term]:
        """Return what a copy leaves out: ``[one for one in entries if one != other]``; none for other conditions as well."""
        if value is None or value[0] != "comp" or not value[4]:
            return []
        keys: list[Term] = []
        for condition in value[4]:
            for test, holds in conjuncts(condition, True):
                others = [
                    other for entry, other in _compared(test, holds, equal=False) if entry == ("iter", value[3][0])
                ]
                if not others:
                    return []
                keys += others
        return keys

    def _is_entry(self, term: Term, removal: Effect) -> bool:
        """Tell whether a term is what a loop over the container, or over its numbered entries, runs through."""
        if term[0] == "elem" and term[1][0] == "iter" and term[1][1][0] == "call" and term[1][1][1][-1] == "enumerate":
            term = term[1]
        return bool(term[0] == "iter") and self.removals.runs_over(term[1], removal.container)

    # what a store makes

    def _wrapper_of(self, value: Term) -> str:
        """Return how to call what a store makes anew, if that equals nothing else; else nothing."""
        values = self.heap.evaluate(value)
        if values and all(denoted[0] == "func" and self.heap.functions[denoted[1]].parent for denoted in values):
            return "a function"
        if value[0] == "tuple" and value[1]:
            return "a tuple"
        if value[0] != "call" or not makes_apart(self.heap, value):
            return ""
        return next(
            (f"a {self.heap.names.classes[denoted[1]].name}" for denoted in values if denoted[0] == "inst"),
            "a partial",
        )

    def _has_given(self, value: Term, store: Effect) -> bool:
        """Tell whether something that callers gave is in what is made, so that it could be asked for by that.

        An object that is given the holder as well may take itself out.
        """
        functions = {store.function, *(call.caller for call in store.chain)}
        parts = call_arguments(value) if value[0] == "call" else (value,)
        inside = {one for part in parts for one in walk(part)}
        for one in self.heap.evaluate(value):
            inside |= self.removals.keeping.captures(one[1]) if one[0] == "func" else set()
            if one[0] == "inst" and any(map(self._is_self, inside)):
                return False
        given = (one for one in inside if one[0] in {"param", "cell"} and one[1] in functions)
        return any(not self._is_self(one) for one in given)

    def _is_self(self, term: Term) -> bool:
        function = self.heap.functions[term[1]] if term[0] == "param" else None
        return function is not None and bool(function.owner and function.params) and function.params[0].name == term[2]

    def _gets_out(self, value: Term, store: Effect) -> bool:
        """Tell whether the functions that store what is made give it to anything else."""
        own = {store.event.place, *(call.event.place for call in store.chain)}
        functions = [store.function, *(call.caller for call in store.chain)]
        return any(
            value in walk(top)
            for key in functions for event in self.heap.functions[key].events if event.place not in own
            for top in event.terms if top != value or event.kind != "call"
        )  # fmt: skip

    def _may_be(self, looked_for: Term, value: Term) -> bool:
        """Tell whether what a caller hands to the removal may be what the store made."""
        if value[0] == "tuple":
            return not self.coverage.equality.differ(looked_for, value)
        wrappers, related = self.heap.evaluate(value), self.heap.classes.related
        return any(
            passed in wrappers
            or any(wrapper[0] == "inst" and passed[0] in _INSTANCES and related(passed[1], wrapper[1]) for wrapper in wrappers)
            for call in self.removals.effects.calls.get(looked_for[1], ()) if looked_for[2] in call.bound
            for passed in self.heap.evaluate(call.bound[looked_for[2]])
        )  # fmt: skip


def _compared(test: Term, holds: bool, *, equal: bool) -> Iterator[tuple[Term, Term]]:
    """Yield the two sides of a comparison, each once as the first, if its outcome says that they are equal, or are not."""
    if (
        test[0] == "op"
        and len(test[2]) == 2
        and test[1] in _EQUAL | _UNEQUAL
        and (test[1] in _EQUAL) == (holds == equal)
    ):
        left, right = test[2]
        yield left, right
        yield right, left
