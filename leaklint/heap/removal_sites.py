"""Where removals stand: which functions make them, or come to them by what they call."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from leaklint.flow.model import Event, Function
from leaklint.flow.terms import Term
from leaklint.heap.arguments import call_arguments
from leaklint.heap.callers import callers_up
from leaklint.heap.effects import Effect

if TYPE_CHECKING:
    from leaklint.heap.removal import Removals

_CALLEES = 4  # how many calls deep a removal is looked for
_CALLERS = 3  # how many callers up the ways to an event are followed
_INSIDE = ".<locals>"


class StoreFrame(NamedTuple):
    """A function in which an entry is put in, itself or by what it calls, and the event there that does it."""

    function: Function
    event: Event


class RemovalSites:
    """Answers from which functions removals are reached."""

    def __init__(self, removals: Removals) -> None:
        """Take what is asked for everything else."""
        self.removals = removals
        self.heap = removals.heap
        self.effects = removals.effects
        self._known: dict[tuple[str, str], list[Event]] = {}
        self._known_callers: dict[str, frozenset[str]] = {}
        self._known_handed: dict[str, frozenset[str]] = {}

    def frames(self, store: Effect) -> list[StoreFrame]:
        """Return the functions by which a store is reached, the innermost first."""
        steps = [(store.function, store.event), *((call.caller, call.event) for call in store.chain)]
        return [StoreFrame(self.heap.functions[key], event) for key, event in steps]

    def events_in(self, function: Function, removal: Effect) -> list[Event]:
        """Return the events of a function that are a removal, or lead to it."""
        return [event for reached, event in self.all_in(function, [removal]) if reached is removal]

    def all_in(self, function: Function, removals: list[Effect]) -> Iterator[tuple[Effect, Event]]:
        """Yield removals that a function makes or calls, each with the event in that function."""
        for removal in removals:
            if removal.function == function.key:
                yield removal, removal.event
            else:
                for event in self.leading(function, removal.function):
                    yield removal, event

    def leading(self, function: Function, key: str) -> list[Event]:
        """Return the events of a function by which another one is called, itself or by what is called."""
        if function.key not in self._callers_of(key):
            return []
        asked = (function.key, key)
        if asked not in self._known:
            self._known[asked] = self._leading(function, key)
        return list(self._known[asked])

    def _callers_of(self, key: str) -> frozenset[str]:
        """Return the functions by which another one is called, themselves or by what they call, each worked out once."""
        known = self._known_callers.get(key)
        if known is None:
            direct = {call.caller for call in self.effects.calls.get(key, ())}
            known = self._known_callers[key] = frozenset(callers_up(self.effects, direct, _CALLEES - 1))
        return known

    def _leading(self, function: Function, key: str) -> list[Event]:
        visited, nearest = {key}, [key]
        events: list[Event] = []
        for _ in range(_CALLEES):
            callers = [call for callee in nearest for call in self.effects.calls.get(callee, ())]
            events += [call.event for call in callers if call.caller == function.key]
            nearest = sorted({call.caller for call in callers} - visited - {function.key})
            visited.update(nearest)
        return events

    def puts_in(self, function: Function, store: Effect, behind: Event) -> bool:
        """Tell whether a function comes to a store after an event."""
        events = [store.event] if store.function == function.key else self.leading(function, store.function)
        return any(is_after(event, behind) for event in events)

    def takes_out(self, function: Function, removals: list[Effect], behind: Event | None = None) -> bool:
        """Tell whether a function, a function inside of it, or anything that it calls or hands on removes from the holder.

        What the function does before the event ``behind`` is left out.
        """
        events = [event for _, event in self.all_in(function, removals)]
        return any(behind is None or is_after(event, behind) for event in events) or self.hands_on(function, removals)

    def hands_on(self, function: Function, removals: list[Effect]) -> bool:
        """Tell whether a function inside of a function, or one that it hands on, removes from the holder."""
        if any(True for inner in self._inside.get(function.key, ()) for _ in self.all_in(inner, removals)):
            return True
        handed = self._handed_on(function)
        homes = {removal.function for removal in removals} if handed else set[str]()
        return any(not handed.isdisjoint((key, *self._callers_of(key))) for key in homes)

    @cached_property
    def _inside(self) -> dict[str, list[Function]]:
        """Return the functions that are made inside of another one, at any depth, by that one."""
        inner: dict[str, list[Function]] = {}
        for function in self.heap.functions.values():
            above = function.key
            while (cut := above.rfind(_INSIDE)) >= 0:
                above = above[:cut]
                inner.setdefault(above, []).append(function)
        return inner

    def _handed_on(self, function: Function) -> frozenset[str]:
        """Return the functions that a function passes to what it calls."""
        known = self._known_handed.get(function.key)
        if known is None:
            handed = (
                argument
                for event in function.events if event.kind == "call" and not self._is_handed_in(event.terms[0][1])
                for argument in call_arguments(event.terms[0])
            )  # fmt: skip
            values = {value for argument in handed for value in self.heap.evaluate(argument)}
            bound = {callee for value in values if value[0] == "partial" for callee in self.heap.evaluate(value[1])}
            called = {value[-1] for value in values | bound if value[0] in {"func", "method"}}
            known = self._known_handed[function.key] = frozenset(called)
        return known

    def _is_handed_in(self, callee: Term) -> bool:
        """Tell whether what is called is a function that somebody has passed: what it does with its arguments nobody knows."""
        values = self.heap.evaluate(callee)
        return callee[0] in {"attr", "param"} and bool(values) and all(value[0] == "param" for value in values)

    def is_sweep(self, removal: Effect) -> bool:
        """Tell whether a removal goes through the entries, whoever put them in."""
        if removal.how in {"rebuild", "filter", "trim", "clear"}:
            return not self.removals.endings.is_holders(removal)
        guards = [guard.test for guard in removal.event.guards if guard.kind in {"loop", "while"}]
        return any(self.removals.runs_over(test, removal.container) for test in guards)


class StepUp(NamedTuple):
    """A function on a way of calls that leads to an event: how many calls up it is, and whether others call it."""

    function: Function
    steps: int
    is_called: bool


class WayQuestion:
    """A question about the ways of an entry's life: asked of the removals, and of where these stand."""

    def __init__(self, removals: Removals, sites: RemovalSites) -> None:
        """Take what is asked for everything else, and where removals stand."""
        self.removals = removals
        self.heap = removals.heap
        self.effects = removals.effects
        self.sites = sites

    def ways_up(self, function: Function, event: Event, stops: Callable[[Function, Event], bool]) -> Iterator[StepUp]:
        """Yield the functions on the ways of calls that lead to an event, each call once.

        A way is followed as far as ``stops`` says no of a function and the event, or the call, by which it goes on from there.
        """
        nearest = [(function, event)]
        visited = {(function.key, event.place)}
        for steps in range(_CALLERS + 1):
            above: list[tuple[Function, Event]] = []
            for current, at in nearest:
                if stops(current, at):
                    continue
                calls = [call for call in self.effects.calls.get(current.key, ()) if call.caller != current.key]
                yield StepUp(current, steps, bool(calls))
                for call in calls:
                    if (call.caller, call.event.place) not in visited:
                        visited.add((call.caller, call.event.place))
                        above.append((self.heap.functions[call.caller], call.event))
            nearest = above


def is_after(event: Event, other: Event) -> bool:
    """Tell whether an event is written after another one."""
    return event.place[:2] > other.place[:2]
