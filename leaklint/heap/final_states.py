"""States of an entry at which all of its removals pass it over, and that it is put in without being taken out.

``close()`` returns where ``closed`` is set, and something else sets it; a sweep passes over what is cancelled.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from leaklint.flow.model import Event, Function
from leaklint.flow.terms import DISPLAYS, Term, root, walk
from leaklint.heap.effects import Call, Effect
from leaklint.heap.held_entries import HeldEntry
from leaklint.heap.key_guards import asked_before, conjuncts
from leaklint.heap.list_memo import ListMemo
from leaklint.heap.namespaces import is_constructor
from leaklint.heap.process_end import function_is_private
from leaklint.heap.removal_sites import RemovalSites, WayQuestion, is_after

if TYPE_CHECKING:
    from leaklint.heap.removal import Removals

_CALLERS = 3  # how many callers up a test, or a removal, is looked for
_EQUAL = {"is": True, "==": True, "in": True, "is not": False, "!=": False, "not in": False}
_FALSE = frozenset({"None", "False", "0", "''", '""'})


class StateTest(NamedTuple):
    """What an attribute of an entry has to be for a removal to run: one of ``values``, or true if that is None; else not."""

    name: str
    values: frozenset[Term] | None
    holds: bool

    def lets_pass(self, value: Term) -> bool:
        """Tell whether a constant passes the test."""
        is_so = value in self.values if self.values is not None else value[1] not in _FALSE or value[0] != "const"
        return is_so == self.holds


class GuardedWay(NamedTuple):
    """Where a function takes an entry out, itself or by what it calls, behind tests of the entry."""

    function: Function
    event: Event
    tests: tuple[StateTest, ...]


class FinalStates(WayQuestion):
    """Finds the functions that put an entry in a state from which nothing leads to a removal."""

    def __init__(self, removals: Removals, sites: RemovalSites) -> None:
        """Take what is asked for everything else, and where removals stand."""
        super().__init__(removals, sites)
        self._ways = ListMemo(self._all_ways)

    def passed_over(self, entry: HeldEntry) -> str:
        """Return the function that sets an attribute by which all removals pass an entry over, and comes to none before."""
        guarded = self._ways(entry.fitting)
        names = set.intersection(*({test.name for test in way.tests} for way in guarded)) if guarded else set()
        for name in sorted(names):
            if why := self._set_early(name, guarded, entry):
                return why
        return ""

    # where removals stand behind tests

    def _all_ways(self, removals: list[Effect]) -> list[GuardedWay]:
        """Return the ways to all of some removals; nothing where one of them asks nothing of the entry."""
        guarded = list[GuardedWay]()
        for removal in removals:
            ways_to_removal = self._ways_to(removal)
            if not ways_to_removal:
                return []
            guarded += ways_to_removal
        return guarded

    def _ways_to(self, removal: Effect) -> list[GuardedWay]:
        """Return all the ways to a removal; nothing where one of them asks nothing of the entry."""
        if removal.how == "callback" or removal.chain or removal.key is None:
            return []
        guarded = list[GuardedWay]()
        roots = frozenset(root(part) for part in walk(removal.key) if part[0] != "const")
        here = [(self.heap.functions[removal.function], removal.event, roots)]
        for _ in range(_CALLERS + 1):
            above: dict[tuple[str, Event, frozenset[Term]], None] = {}
            for function, event, entry in here:
                if way := self._guarded(function, event, entry):
                    guarded.append(way)
                    continue
                calls = [call for call in self.effects.calls.get(function.key, ()) if call.caller != function.key]
                if not calls or self._has_others(function):
                    return []
                above |= {(call.caller, call.event, _handed_in(call, function, entry)): None for call in calls}
            if not above:
                return guarded
            here = [(self.heap.functions[key], event, entry) for key, event, entry in above]
        return []

    def _guarded(self, function: Function, event: Event, roots: frozenset[Term]) -> GuardedWay | None:
        """Return an event with the tests of an entry that it stands behind; None if there are none."""
        tests = tuple(self._tests_before(event, roots))
        return GuardedWay(function, event, tests) if tests else None

    def _has_others(self, function: Function) -> bool:
        """Tell whether a function is called by somebody who is not seen: it is handed on, or a base outside names it."""
        handed = function.key in self.removals.multiplicity.escaping
        return handed or (bool(function.owner) and self.heap.classes.may_be_called_outside(function.owner))

    def _tests_before(self, event: Event, roots: frozenset[Term]) -> Iterator[StateTest]:
        """Yield what the attributes of an entry have to be for an event to come."""
        tests = (pair for test, holds in asked_before(event) for pair in self._asked(test, holds, roots, 0))
        for test, holds in tests:
            if test[0] == "attr" and self._is_entry(test[1], roots):
                yield StateTest(test[2], None, holds)
            elif test[0] == "op" and test[1] in _EQUAL and len(test[2]) == 2:
                asked, other = test[2]
                parts = other[1] if test[1] in {"in", "not in"} and other[0] in DISPLAYS else (other,)
                values = [self._constant(part) for part in parts]
                if asked[0] == "attr" and self._is_entry(asked[1], roots) and None not in values:
                    known = frozenset(value for value in values if value is not None)
                    yield StateTest(asked[2], known, _EQUAL[test[1]] == holds)

    def _asked(self, test: Term, holds: bool, roots: frozenset[Term], depth: int) -> Iterator[tuple[Term, bool]]:
        """Yield the tests that all have to come out so, with what methods of the entry ask."""
        for part, so in conjuncts(test, holds):
            inside = self._unfolded(part, roots) if depth < _CALLERS else part
            if inside == part:
                yield part, so
            else:
                yield from self._asked(inside, so, roots, depth + 1)

    def _unfolded(self, test: Term, roots: frozenset[Term]) -> Term:
        """Return what a method or a property of an entry gives back, as its caller would write it; else the test."""
        base = test[1][1] if test[0] == "call" and test[1][0] == "attr" else test[1] if test[0] == "attr" else ()
        if not base or root(base) not in roots:
            return test
        name = test[1][2] if test[0] == "call" else test[2]
        methods = {self.heap.classes.method(owner, name) for owner in self._owners(base)}
        key = methods.pop() if len(methods) == 1 else None
        function = self.heap.functions.get(key or "")
        returned = [event for event in function.events if event.kind == "return"] if function is not None else []
        if function is None or len(function.params) != 1 or len(returned) != 1 or returned[0].guards:
            return test
        return self.heap.calling.substituted(returned[0].terms[0], function.key, {function.params[0].name: base})

    def _is_entry(self, term: Term, roots: frozenset[Term]) -> bool:
        return root(term) in roots and bool(self._owners(term))

    def _owners(self, term: Term) -> set[str]:
        """Return the classes of entries of which a term is."""
        values = self.heap.attributes.handed_down(term)
        return {value[1] for value in values if value[0] in {"self", "inst"} and value[1] in self.removals.held}

    def _constant(self, term: Term) -> Term | None:
        """Return a constant, or the member of an enumeration, that a term denotes; None for anything else."""
        if term[0] == "const":
            return term
        if term[0] == "name":
            values = self.heap.names.assigned_to(self.heap.names.name(term[1], term[2]))
            return values[0] if len(values) == 1 and values[0][0] == "const" else None
        if term[0] != "attr" or term[2] in self.heap.attributes.assigned.reassigned:
            return None
        owners = {value[1] for value in self.heap.evaluate(term[1]) if value[0] in {"class", "self", "inst"}}
        (owner,) = owners if len(owners) == 1 else ("",)
        if owner not in self.heap.names.classes:
            return None
        if self.heap.classes.is_enum(owner):
            return ("member", f"{owner}.{term[2]}")
        attribute = self.heap.classes.attribute(owner, term[2])
        return attribute[1] if attribute is not None and attribute[1][0] == "const" else None

    # who sets the attribute

    def _set_early(self, name: str, guarded: list[GuardedWay], entry: HeldEntry) -> str:
        """Return the assignment that makes all removals pass an entry over for good."""
        tests = [test for way in guarded for test in way.tests if test.name == name]
        known = [key for key in sorted(self.removals.held) if key in self.heap.names.classes]
        events = list(dict.fromkeys(pair for key in known for pair in self.heap.attributes.field_terms(key, name)))
        later = [(self.heap.functions[key], event) for key, event in events]
        later = [(function, event) for function, event in later if not is_constructor(function.name)]
        final = []
        for function, event in later:
            value = self._constant(event.terms[1])
            if value is not None and not any(test.lets_pass(value) for test in tests):
                final.append((function, event))
            elif not self._comes_before(event, name, tests):
                return ""  # what gives the attribute another value may have an entry go on
        for function, event in final:
            if self._is_lost(function, event, guarded, entry):
                way = guarded[0]
                where = f"{function.name}() sets {name} (line {event.place[0]})"
                return f"{where}, and {way.function.name}() passes over what has that (line {way.event.place[0]})"
        return ""

    def _comes_before(self, event: Event, name: str, tests: list[StateTest]) -> bool:
        """Tell whether an assignment stands behind a test that an entry in the last state does not pass."""
        asked = (
            (test.values, test.holds)
            for test in self._tests_before(event, frozenset([root(event.terms[0])])) if test.name == name
        )  # fmt: skip
        return not {(test.values, test.holds) for test in tests}.isdisjoint(asked)

    def _is_lost(self, function: Function, event: Event, guarded: list[GuardedWay], entry: HeldEntry) -> bool:
        """Tell whether neither a function nor its callers take the entry out on the way on which its state is set.

        A sweep that came before took out others.
        """
        single = [removal for removal in entry.every if not self.sites.is_sweep(removal)]

        def stops(here: Function, at: Event) -> bool:
            if is_constructor(here.name) or here.name == "__del__" or self.sites.puts_in(here, entry.store, at):
                return True
            own = any(way.function.key == here.key for way in guarded)
            return own or any(is_after(at, removing) for _, removing in self.sites.all_in(here, single))

        ends = (step.function for step in self.ways_up(function, event, stops) if not step.is_called)
        return any(not function_is_private(function) or self.removals.reachable(function) for function in ends)


def _handed_in(call: Call, function: Function, roots: frozenset[Term]) -> frozenset[Term]:
    """Return what a caller hands in for the parameters among some terms of a function."""
    names = (term[2] for term in roots if term[:2] == ("param", function.key))
    return frozenset(root(call.bound[name]) for name in names if name in call.bound)
