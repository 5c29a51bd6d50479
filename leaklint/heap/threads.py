"""Threads and timers that never end and hold an object."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from leaklint.flow.model import Event, Function
from leaklint.flow.terms import Term, rebuilt, walk
from leaklint.heap.arguments import argument_of, called_by, coroutine_of
from leaklint.heap.awaiting import Awaiting, deciding_parts
from leaklint.heap.certainty import Certainty
from leaklint.heap.external_calls import ExternalCall
from leaklint.heap.flags import Flags
from leaklint.heap.kinds import OBJECTS
from leaklint.heap.layers import reached
from leaklint.heap.multiplicity import MANY
from leaklint.heap.undoing import Undoing

if TYPE_CHECKING:
    from leaklint.contracts.model import Contract
    from leaklint.heap.registration import Registration
    from leaklint.heap.retention import Heap

_TAKING = frozenset({"pop", "popleft", "popitem", "remove", "discard"})
_NOTHING: Mapping[str, Term] = {}
_CALLEES = 3  # how many calls deep a timer is looked for that is set again


class Threads:
    """Finds threads that run for ever and hold an object."""

    def __init__(self, heap: Heap) -> None:
        self.heap = heap
        self.undoing = Undoing(heap)
        self.flags = Flags(heap)
        self.awaiting = Awaiting(heap, self.flags)

    def all(self) -> Iterator[Registration]:
        """Yield each thread, timer or loop callback that holds an object for good."""
        for starting in self.heap.effects.external:
            if self.heap.multiplicity.event_runs(starting.function, starting.event) != MANY:
                continue
            contract, _ = self.heap.points_to.contracts.of_call(starting.name)
            if contract is None or contract.kind not in {"thread", "timer"}:
                continue
            target = called_by(contract, starting.call)
            if target is not None and contract.kind == "thread":
                yield from self._thread(contract, starting, target)
            elif target is not None and self._rearms(target):
                yield from self._registered("timer", starting, target, 1, contract)
        for key in self.heap.points_to.names.classes:
            if any(self.heap.points_to.contracts.is_thread(name) for name in self.heap.points_to.classes.outside(key)):
                yield from self._own(key)

    def _registered(
        self, kind: str, starting: ExternalCall, target: Term, level: int, contract: Contract | None
    ) -> Iterator[Registration]:
        from leaklint.heap.registration import Registration

        retained = next(
            (object_held for object_held in self.heap.keeping.of(target) if object_held.kind in OBJECTS), None
        )
        if retained is not None and not (retained.cls and self.heap.multiplicity.is_single(retained.cls)):
            few = retained.cls and self.heap.multiplicity.is_few(retained.cls)
            certainty = Certainty(level).lowered(0 if few else level)
            function, event, name = starting.function, starting.event, starting.name
            yield Registration(kind, function, event, name, retained, target, certainty.word, (), contract)

    def _rearms(self, target: Term) -> bool:
        """Tell whether what a timer calls sets such a timer again, itself or by what it calls."""
        with_given = self.heap.points_to.attributes.with_given  # a helper may be what sets it
        keys = {value[-1] for value in with_given(target) if value[0] in {"func", "method"}}
        return any(
            not self._may_stop(event, self.heap.points_to.functions[function])
            and any(value[-1] in keys for value in with_given(again))
            for function in self._runs_always(keys)
            for event, again in self._set.get(function, ())
        )

    @cached_property
    def _set(self) -> dict[str, list[tuple[Event, Term]]]:
        """Return where functions set timers, and what these call."""
        timers: dict[str, list[tuple[Event, Term]]] = {}
        for setting in self.heap.effects.external:
            contract, _ = self.heap.points_to.contracts.of_call(setting.name)
            called = called_by(contract, setting.call) if contract is not None and contract.kind == "timer" else None
            if called is not None:
                timers.setdefault(setting.function, []).append((setting.event, called))
        return timers

    def _runs_always(self, keys: set[str]) -> set[str]:
        """Return functions with those that they call, behind no condition that something may change."""
        return reached(keys, self._always_called, _CALLEES if self._set else 0)

    def _always_called(self, key: str) -> Iterator[str]:
        """Yield the functions that a function calls behind no condition that something may change."""
        for call in self.heap.effects.calls_from.get(key, ()):
            if not self._may_stop(call.event, self.heap.points_to.functions[key]):
                yield call.callee

    def _may_stop(self, event: Event, function: Function) -> bool:
        """Tell whether a condition stands before a call that something may change: then the call is not made for ever."""
        tests = [guard.test for guard in event.guards if guard.kind in {"if", "past"} and guard.test[0] != "const"]
        return any(_counts(test) or self._of_loop(test, function) < 0 or self._asks_container(test) for test in tests)

    def _asks_container(self, test: Term) -> bool:
        values = self.heap.points_to.all_of(part for part in walk(test) if part[0] == "attr")
        return any(value[0] == "container" for value in values)

    def _thread(self, contract: Contract, starting: ExternalCall, target: Term) -> Iterator[Registration]:
        term = starting.call
        if coroutine_of(target) != target:
            target = coroutine_of(target)
            if self.undoing.is_undone(contract, starting, term):
                return
        for value in self.heap.points_to.ordered(self._targets(target)):
            key = self._run_by(value)
            level = self._endless(key, 0, self._handed(contract, term, key)) if key else -1
            if level < 0:
                continue
            held = target
            if value[0] == "func" and not self.heap.points_to.functions[key].parent:
                given = argument_of(contract, term, "args")
                held = given if given is not None else target
            yield from self._registered("thread", starting, held, level, contract)
            return

    def _targets(self, target: Term) -> frozenset[Term]:
        """Return what a thread may run: of a parameter, what callers hand in, where none of that ends."""
        if target[0] == "param":
            functions = self.heap.points_to.attributes.with_given(target) - {target}
            if functions and all(
                (key := self._run_by(function)) and self._endless(key, 0) >= 0 for function in functions
            ):
                return functions
        return self.heap.points_to.evaluate(target)

    def _run_by(self, value: Term) -> str:
        """Return the function that a thread runs which is given a value: that itself, or the ``__call__`` of an object."""
        if value[0] in {"func", "method"}:
            return str(value[-1])
        is_object = value[0] in {"self", "inst"} and value[1] in self.heap.points_to.names.classes
        return (self.heap.points_to.classes.method(value[1], "__call__") or "") if is_object else ""

    def _handed(self, contract: Contract, term: Term, key: str) -> dict[str, Term]:
        """Return what a thread hands to the parameters of the function that it runs, as far as they are written out."""
        function, tuple_handed = self.heap.points_to.functions[key], argument_of(contract, term, "args")
        params = [param for param in function.params if param.kind == "pos"][function.kind == "method" :]
        parts = tuple_handed[1] if tuple_handed is not None and tuple_handed[0] in {"tuple", "list"} else ()
        plain = all(part[0] != "star" for part in parts)
        return {param.name: part for param, part in zip(params, parts, strict=False)} if plain else {}

    def _own(self, key: str) -> Iterator[Registration]:
        """A thread class of the program that never ends and keeps what its constructor is given."""
        run = self.heap.points_to.classes.method(key, "run")
        init = self.heap.points_to.classes.method(key, "__init__")
        if run is None or init is None:
            return
        level = self._endless(run, 0)
        if level < 1:
            return
        fields = {
            event.terms[1][2] for event in self.heap.points_to.functions[init].events
            if event.kind == "setattr" and event.terms[1][0] == "param" and event.terms[1][1] == init
        }  # fmt: skip
        calls = self.heap.effects.calls.get(init, ())
        for call in (call for call in calls if self.heap.multiplicity.call_runs(call) == MANY):
            for argument in (argument for name, argument in call.bound.items() if name in fields):
                if self._is_object(argument):
                    starting = ExternalCall(call.caller, call.event, call.event.terms[0], key)
                    yield from self._registered("own thread", starting, argument, level, None)

    def _is_object(self, argument: Term) -> bool:
        """Tell whether what a constructor is handed is an object, or a method of one that a field holds."""
        retained = self.heap.keeping.of(argument) if argument[0] in {"param", "attr"} else ()
        kinds = [part.kind for part in retained if part.kind in {"self", "method"}]
        return bool(kinds) and (argument[0] == "param" or kinds[0] == "method")

    def _endless(self, key: str, depth: int, handed: Mapping[str, Term] = _NOTHING) -> int:
        """Return how surely a function never ends: -1 where it does, 1 for a loop that nothing leaves.

        ``handed`` gives its parameters as far as whoever starts it says what they are.
        """
        function = self.heap.points_to.functions[key]
        levels = [-1]
        for event in function.events:
            if event.kind == "while" and not event.name and not self._escapes(function, event):
                waits = self.awaiting.is_never_woken(function, event)
                levels.append(1 if waits else self._of_loop(event.terms[0], function, handed))
            elif event.kind == "call" and depth < 2 and not event.guards and function.name == "<lambda>":
                callees = self._functions_called(event)
                levels += [self._endless(callee, depth + 1) for callee in callees if callee != key]
        return max(levels)

    def _functions_called(self, event: Event) -> set[str]:
        values = self.heap.points_to.evaluate(event.terms[0][1])
        return {value[-1] for value in values if value[0] in {"func", "method"}}

    def _escapes(self, function: Function, loop: Event) -> bool:
        """Tell whether an exception of the program leaves the loop: something called in it raises."""
        if not any(guard.kind == "try" for guard in loop.guards):
            return False
        calls = (event for event in function.events if event.kind == "call")
        inside = (call for call in calls if any(guard.kind == "while" for guard in call.guards))
        callees = (self.heap.points_to.functions[key] for call in inside for key in self._functions_called(call))
        return any(event.kind == "raise" for callee in callees for event in callee.events)

    def _of_loop(self, test: Term, function: Function, handed: Mapping[str, Term] = _NOTHING) -> int:
        if test[0] == "const":
            return 1 if test[1] in {"True", "1"} else -1
        own, works_off = set(walk(test)), self._works_off(test, function)
        receivers = [term[1] for term in deciding_parts(test) if term[0] == "attr" and term[1][0] == "call"]
        test = self._from_outside(test, function, handed)
        flags = [term for term in deciding_parts(test) if term[0] == "attr" and self.flags.is_field(term)]
        if receivers and not flags:
            return 1 if all(self.flags.is_only_asked(term, function) for term in receivers) else -1
        if not flags or any(term[0] == "elem" for term in walk(test)) or works_off:
            return -1  # what is in a container changes
        negated = {term for part in walk(test) if part[:2] == ("op", "not") for term in part[2]}
        raised = (self.flags.is_raised(term, function, term in negated, term in own) for term in flags)
        return -1 if any(raised) else 1

    def _from_outside(self, test: Term, function: Function, handed: Mapping[str, Term]) -> Term:
        """Return a test with what it is handed, and what a function around it has in a variable that is set once."""

        def change(term: Term) -> Term | None:
            if term[0] == "cell" and len(values := self.heap.points_to.cell(term)) == 1:
                return values[0]
            return handed.get(term[2]) if term[0] == "param" and term[1] == function.key else None

        return rebuilt(test, change)

    @staticmethod
    def _works_off(test: Term, function: Function) -> bool:
        """Tell whether a loop takes things out of what it tests until there are none left."""
        return any(
            event.kind == "call"
            and any(guard.kind == "while" and guard.test == test for guard in event.guards)
            and event.terms[0][1][0] == "attr"
            and event.terms[0][1][1] == test
            and event.terms[0][1][2] in _TAKING
            for event in function.events
        )


def _counts(test: Term) -> bool:
    """Tell whether a test compares the size of what a function is given or works out, which may be another one each time."""
    return any(
        part[0] == "op"
        and part[1] in {"<", "<=", ">", ">="}
        and any(side[0] not in {"const", "attr"} for side in part[2])
        for part in walk(test)
    )
