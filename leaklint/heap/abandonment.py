"""Removals that only a generator reaches: whoever leaves a loop over it early, or never starts it, leaves them out."""

from __future__ import annotations

from functools import cached_property
from typing import NamedTuple

from leaklint.flow.model import Event, Function, qualname
from leaklint.flow.terms import Term, options, walk
from leaklint.heap.arguments import call_arguments
from leaklint.heap.effects import Call, Effect, Effects
from leaklint.heap.grouping import lists_by_key

_CALLERS = 4  # how many callers up a generator is looked for
_ITERATION = frozenset({"__iter__", "__aiter__"})


class LeftOut(NamedTuple):
    """Why a removal may be left out, and what that assumes."""

    why: str
    doubt: str


class Abandonment:
    """Finds the generators that have to be run to their end."""

    def __init__(self, effects: Effects) -> None:
        """Take the calls of the program."""
        self.effects = effects
        self.heap = effects.heap
        self._known: dict[tuple[str, tuple[int, ...], frozenset[str]], str] = {}

    def generator_of(self, event: Event, function: Function, seen: frozenset[str] = frozenset()) -> str:
        """Return the key of a generator that reaches an event only after it has yielded; nothing if the event may run without.

        What stands in a ``finally`` runs when the generator is closed, and a ``with`` inside of it ends then, too.
        """
        if any(guard.kind == "finally" for guard in event.guards):
            return ""
        if self._is_left_to_users(function):
            return function.key if self._is_behind_yield(event, function) else ""
        if len(seen) > _CALLERS:
            return ""
        first = ""
        for call in self.effects.calls.get(function.key, ()):
            if call.caller not in seen:
                found = self._of_caller(call, seen | {function.key})
                if not found:
                    return ""
                first = first or found
        return first

    def left_out(self, removal: Effect, stores: list[Effect], bounded: bool) -> LeftOut | None:
        """Return why a generator may leave a removal out; None where none does."""
        line = removal.event.place[0]
        generator = self.generator_of(removal.event, self.heap.functions[removal.function])
        if generator and not self.is_same_step(removal, stores, bounded):
            why = f"it is removed only where a loop over {qualname(generator)} runs to its end (line {line})"
            return LeftOut(why, "assumes that such a loop is left early")
        generator = self.unstarted(removal, stores)
        if generator:
            why = f"it is removed only by {qualname(generator)}, which does not run unless it is started (line {line})"
            return LeftOut(why, "assumes that some are dropped before they are started")
        return None

    def unstarted(self, removal: Effect, stores: list[Effect]) -> str:
        """Return the key of the one generator that removes what whoever makes it has put in; nothing if it is started there."""
        homes = {removal.function}
        if not self.heap.functions[removal.function].yields:
            homes = {call.caller for call in self.effects.calls.get(removal.function, ())}
        key = homes.pop() if len(homes) == 1 else ""
        function = self.heap.functions[key] if key else None
        if function is None or not function.yields or function.decorators or key in self._looped_over:
            return ""
        outside = (store for store in stores if store.function != key)
        storing = {one: event for store in outside for one, event in self._runs_in(store)}
        makers = [
            call for call in self.effects.calls.get(key, ())
            if call.caller in storing and storing[call.caller].place < call.event.place
        ]  # fmt: skip
        return key if makers and all(self._is_given_out(call) for call in makers) else ""

    def _is_given_out(self, construction: Call) -> bool:
        """Tell whether a function returns a generator that it makes, alone or in an object, and does not start it."""
        function = self.heap.functions[construction.caller]
        calls = [
            event.terms[0]
            for event in function.events
            if event.kind == "call" and construction.term in event.terms[0][2]
        ]
        objects = [one for one in calls if self._makes_object(one)]
        if function.yields or len(objects) < len(calls):
            return False
        given = {construction.term, *objects}
        returned = any(
            event.kind == "return" and not given.isdisjoint(options(event.terms[0])) for event in function.events
        )
        callers = self.effects.calls.get(function.key, ())
        return returned and not (callers and all(self._loops(call) for call in callers))

    def _makes_object(self, call: Term) -> bool:
        """Tell whether a call makes an object of a class, which has what it is given for later."""
        values = self.heap.evaluate(call)
        return bool(values) and all(one[0] in {"inst", "extinst"} for one in values)

    def _loops(self, construction: Call) -> bool:
        """Tell whether a caller goes through what a call gives."""
        events = self.heap.functions[construction.caller].events
        tests = (guard.test for event in events for guard in event.guards if guard.kind == "loop")
        given = (term for event in events if event.kind == "yield" for term in event.terms)
        return any(construction.term in walk(term) for term in (*tests, *given))

    def _of_caller(self, call: Call, seen: frozenset[str]) -> str:
        asked = (call.caller, call.event.place, seen)
        if asked not in self._known:
            self._known[asked] = self.generator_of(call.event, self.heap.functions[call.caller], seen)
        return self._known[asked]

    def _is_left_to_users(self, function: Function) -> bool:
        """Tell whether users loop over a generator: what decorators make of it, or who else drives it, is another matter."""
        if not function.yields or function.decorators or function.key in self._driven:
            return False
        loops = any(
            event.kind == "yield" and any(guard.kind in {"loop", "while"} for guard in event.guards)
            for event in function.events
        )
        return loops and (function.name in _ITERATION or function.key in self._looped_over)

    @staticmethod
    def _is_behind_yield(event: Event, function: Function) -> bool:
        """Tell whether an event stands after a yield; what is inside of the yielded expression comes before it."""
        return any(one.kind == "yield" and one.place[2:] <= event.place[:2] for one in function.events)

    def is_same_step(self, removal: Effect, stores: list[Effect], bounded: bool) -> bool:
        """Tell whether a plain function runs both a store and a removal, itself or by a call, so that no yield is between them.

        One that is ``bounded`` is behind a test of the size; any other has to be behind no test that the store is not behind.
        """
        storing = lists_by_key(pair for store in stores for pair in self._runs_in(store))
        return any(
            not self.heap.functions[key].yields and (bounded or all(guard in event.guards for guard in last.guards))
            for key, last in self._runs_in(removal)
            for event in storing.get(key, ())
        )

    def _runs_in(self, effect: Effect) -> list[tuple[str, Event]]:
        """Return the function of an effect and those that call it, each with the event by which it runs the effect."""
        calls = self.effects.calls.get(effect.function, ())
        return [(effect.function, effect.event), *((call.caller, call.event) for call in calls)]

    @cached_property
    def _driven(self) -> frozenset[str]:
        """Return the generators that the program hands to somebody: ``environment.process(self.run())``."""
        return frozenset(key for _, key in self._handed_on)

    @cached_property
    def run_by_others(self) -> frozenset[str]:
        """Return the generators that the program hands to a method of another package, which runs them as it sees fit."""
        return frozenset(
            key
            for taker, key in self._handed_on
            if taker[0] == "attr"
            and not any(value[0] in {"func", "method", "class"} for value in self.heap.evaluate(taker))
        )

    @cached_property
    def _handed_on(self) -> list[tuple[Term, str]]:
        """Return each call that is given a generator: what is called, and the generator's key."""
        return [
            (event.terms[0][1], key)
            for function in self.heap.functions.values()
            for event in function.events if event.kind == "call"
            for given in call_arguments(event.terms[0]) if given[0] == "call"
            for key in self._called(given[1])
        ]  # fmt: skip

    @cached_property
    def _looped_over(self) -> frozenset[str]:
        """Return the functions over whose calls the program loops."""
        return frozenset(
            key
            for function in self.heap.functions.values()
            for event in function.events
            for guard in event.guards if guard.kind == "loop" and guard.test[0] == "call"
            for key in self._called(guard.test[1])
        )  # fmt: skip

    def _called(self, callee: tuple[object, ...]) -> list[str]:
        values = self.heap.in_order(callee)
        found = [value[-1] for value in values if value[0] in {"func", "method"}]
        return [key for key in found if self.heap.functions[key].yields]
