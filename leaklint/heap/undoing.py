"""Whether a program takes back what it has registered with another package."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from leaklint.flow.model import Event, Function
from leaklint.flow.terms import NONE, Term, as_text, options
from leaklint.heap.arguments import argument_of, call_arguments, is_called_so
from leaklint.heap.external_calls import ExternalCall
from leaklint.heap.grouping import lists_by_key
from leaklint.heap.identity import never_same
from leaklint.heap.multiplicity import MANY

if TYPE_CHECKING:
    from leaklint.contracts.model import Contract
    from leaklint.heap.retention import Heap

_CUTTING = frozenset({"setslice", "delslice", "delitem", "clear"})


class Undoing:
    """Finds the calls that undo registrations."""

    def __init__(self, heap: Heap) -> None:
        self.heap = heap

    @cached_property
    def _by_ending(self) -> dict[str, list[ExternalCall]]:
        """Return the calls out of the program by the last part of the callee's name."""
        return lists_by_key((call.name.rpartition(".")[2], call) for call in self.heap.effects.external)

    @cached_property
    def _on_handles(self) -> dict[tuple[str, str], list[tuple[str, Event]]]:
        """Return the calls ``x.handle.undo()`` and ``y.undo(x.handle)`` by the name of the handle and ``.undo``."""
        return lists_by_key(
            ((handle[2], f".{undo}"), (function.key, event))
            for undo, calls in self.heap.removals.feasibility.calls_by_name.items()
            for function, event in calls
            for handle in (event.terms[0][1][1], *event.terms[0][2]) if handle[0] == "attr"
        )  # fmt: skip

    def is_undone(self, contract: Contract, registering: ExternalCall, value: Term) -> bool:
        """Tell whether the program takes such a registration back, by something other than a finalizer."""
        function, term = registering.function, registering.call
        if self.by_handle(contract, function, term):
            return True
        for undo in (name for name in contract.undo if name != contract.name):
            handle = contract.handle and undo.startswith(".")
            undoing = (
                call
                for call in self._naming(undo, function)
                if call.event is not registering.event or _is_choice(call.event)
            )
            same = [call for call in undoing if _names_the_same(contract, term, call.call)]
            if any(handle or self._takes_back(call, value, function) for call in same):
                return True
            if undo == ".__call__" and self._is_called_back(function, term):
                return True
        return self._is_cut(contract.name.rpartition(".")[0])

    def ends_with_owner(self, contract: Contract, registering: ExternalCall, value: Term) -> bool:
        """Tell whether the finalizer of the object that has it as an attribute undoes it, and that is free to go.

        ``value`` is what keeps itself. It must not hold its owner: what it was made with or given is no object of the program.
        """
        points_to = self.heap.points_to
        home = points_to.functions[registering.function]
        if home.kind != "method" or not home.params or value[:2] != ("attr", ("param", home.key, home.params[0].name)):
            return False
        finalizer = points_to.classes.method(home.owner, "__del__")
        own = [
            call for undo in contract.undo for call in self._by_ending.get(undo[1:], ()) if call.function == finalizer
        ]
        if not any(call.call[1][0] == "attr" and call.call[1][1][::2] == value[::2] for call in own):
            return False
        methods = (points_to.functions[key] for key in points_to.names.classes[home.owner].methods.values())
        handed = (term for method in methods for term in self._handed_to(method, value[2]))
        return not any(
            one[0] in {"inst", "self", "method", "func"} for term in handed for one in points_to.evaluate(term)
        )

    @staticmethod
    def _handed_to(method: Function, name: str) -> Iterator[Term]:
        """Yield what a method makes the object of an attribute with, and what it calls methods of that with."""
        made = {event.terms[1] for event in method.events if event.kind == "setattr" and event.name == name}
        for event in method.events:
            call = event.terms[0] if event.kind == "call" else ()
            on_it = call and call[1][0] == "attr" and (call[1][1] in made or call[1][1][::2] == ("attr", name))
            if on_it or call in made:
                yield from call_arguments(call)

    def is_called(self, undo: str, function: str) -> bool:
        """Tell whether the program calls an undoing function again and again, or an undoing method in the same module."""
        runs = self.heap.multiplicity.event_runs
        return any(runs(call.function, call.event) == MANY for call in self._naming(undo, function))

    def is_off(self, contract: Contract) -> bool:
        """Tell whether the program keeps a callable from keeping anything, by a call that settles that for all."""
        for off in contract.off:
            for external in self._by_ending.get(off.call.rpartition(".")[2], ()):
                called = self.heap.points_to.contracts.callable(external.name)
                if called is not None and called.name == off.call and is_called_so(called, off.when, external.call):
                    return True
        return False

    def is_missed(self, contract: Contract, function: str, value: Term) -> bool:
        """Tell whether the program takes such a registration back by what it makes anew for that, which never equals it."""
        calls = (call for undo in contract.undo if undo != contract.name for call in self._naming(undo, function))
        registered = list(self._handed_in(function, value, 0))
        return any(
            self._is_spelt_as(undone, added) and self._never_equals(undone, added)
            for call in calls
            for term in call_arguments(call.call)
            for undone in self._handed_in(call.function, term, 0)
            for added in registered
        )

    def _is_spelt_as(self, first: Term, second: Term) -> bool:
        """Tell whether two values are written alike: both partials of the same function, both lambdas with the same body."""
        bodies = [
            [
                as_text(event.terms[0])
                for event in self.heap.points_to.functions[term[1]].events
                if event.kind == "return"
            ]
            if term[0] == "func"
            else as_text(term)
            for term in (first, second)
        ]
        return first[0] == second[0] and bodies[0] == bodies[1]

    def _never_equals(self, first: Term, second: Term) -> bool:
        """Tell whether two values are made anew and equal only themselves, or are methods of such objects."""
        if first[0] == second[0] == "attr" and first[2] == second[2]:
            first, second = first[1], second[1]
        return never_same(self.heap.points_to, first, second)

    def _is_cut(self, name: str) -> bool:
        """``gc.callbacks[:] = [one for one in gc.callbacks if ..]``, ``del sys.meta_path[0]``: no method is called."""
        entry = self.heap.points_to.contracts.object(name) if name else None
        if entry is None or not entry.container:
            return False
        for key, event in self._cuttings:
            if ("ext", name) in self.heap.points_to.evaluate(event.terms[0]):
                function, value = (
                    self.heap.points_to.functions[key],
                    event.terms[1] if event.kind == "setslice" else None,
                )
                if not self.heap.removals.feasibility.keeps_all(value, function) and self._runs(key, event):
                    return True
        return False

    @cached_property
    def _cuttings(self) -> list[tuple[str, Event]]:
        """Return the events that may take something out of a container without a call of a method."""
        functions = self.heap.points_to.functions.items()
        return [(key, event) for key, function in functions for event in function.events if event.kind in _CUTTING]

    def by_handle(self, contract: Contract, function: str, term: Term, seen: frozenset[str] = frozenset()) -> bool:
        """Tell whether what a call returns is kept in an attribute, on which an undoing method is called.

        A function that gives it back leaves that to all that call the function.
        """
        events = self.heap.points_to.functions[function].events
        handles = {event.name for event in events if event.kind == "setattr" and term in options(event.terms[1])}
        returned = any(event.kind == "return" and term in options(event.terms[0]) for event in events)
        if not handles and returned and function not in seen:
            calls = self.heap.effects.calls.get(function, ())
            inner = seen | {function}
            return bool(calls) and all(
                self.by_handle(contract, call.caller, call.event.terms[0], inner) for call in calls
            )
        return any(
            self._runs(caller, event)
            for undo in contract.undo
            for handle in handles
            for caller, event in self._on_handles.get((handle, undo), ())
        )

    def _calls(self, undo: str) -> Iterator[ExternalCall]:
        """Yield the calls that may be an undoing one and that run while a registration lasts."""
        for call in self._by_ending.get(undo.rpartition(".")[2], ()):
            if self._runs(call.function, call.event):
                yield call

    def _runs(self, function: str, event: Event) -> bool:
        return not self.heap.removals.feasibility.outlived(event, self.heap.points_to.functions[function])

    def _naming(self, undo: str, function: str) -> Iterator[ExternalCall]:
        """Yield the calls of an undoing function; of an undoing method, those in the module or the family of the registration.

        A method of the program that has its place, and calls it, undoes as well.
        """
        for external in self._calls(undo):
            name, callee = external.name, external.call[1]
            if not undo.startswith("."):
                if name == undo or self.heap.points_to.contracts.canonical(name) == undo:
                    yield external
                continue
            if callee[0] != "attr" or callee[2] != undo[1:] or not (name.endswith(undo) or undo == ".detach"):
                continue
            if self._is_near(external.function, function):
                yield external
            elif self.heap.points_to.functions[external.function].name == undo[1:]:
                for call in self.heap.effects.calls.get(external.function, ()):
                    if self._is_near(call.caller, function) and self._runs(call.caller, call.event):
                        yield ExternalCall(call.caller, call.event, call.event.terms[0], name)

    def _is_near(self, function: str, other: str) -> bool:
        """Tell whether functions stand in one module, or are methods of a class and its heir."""
        points_to = self.heap.points_to
        owner, other_owner = points_to.functions[function].owner, points_to.functions[other].owner
        is_kin = bool(owner) and bool(other_owner) and points_to.classes.related(owner, other_owner)
        return is_kin or points_to.names.module_of(function) is points_to.names.module_of(other)

    def _takes_back(self, undoing: ExternalCall, value: Term, home: str) -> bool:
        """Tell whether an undoing call takes out what was registered, rather than what others did.

        Without an argument, or by a position, it takes out whatever is there. Where it is not known what a function of
        another module is asked to take out, nothing is shown by it.
        """
        arguments = [term for term in call_arguments(undoing.call) if term[0] != "const"]
        if not arguments:
            return True
        at_home = self.heap.points_to.names.module_of(undoing.function) is self.heap.points_to.names.module_of(home)
        registered = list(self._handed_in(home, value, 0))
        undone = [removed for term in arguments for removed in self._handed_in(undoing.function, term, 0)]
        return any(self._is_same(removed, added, at_home) for removed in undone for added in registered)

    def _is_same(self, removed: Term, added: Term, at_home: bool) -> bool:
        """Tell whether what is taken back is what was registered: the same function, or the same attribute of something."""
        coverage = self.heap.removals.coverage
        if self._never_equals(removed, added):
            return False
        same = coverage.same_function(removed, added)
        if same is None:
            return (removed[0] == added[0] == "attr" and removed[2] == added[2]) or (
                at_home and coverage.may_be_equal(removed, added)
            )
        return same

    def _handed_in(self, function: str, term: Term, depth: int) -> Iterator[Term]:
        """Yield a term; for a parameter of a function that the program calls, what its callers hand in."""
        is_given = term[:2] == ("param", function)
        arguments = self.heap.points_to.calling.given_for(term) if is_given else []
        if not arguments or depth > 3:
            yield term
        for call, argument in arguments if depth <= 3 else ():
            yield from self._handed_in(call.caller, argument, depth + 1)

    def _is_called_back(self, function: str, term: Term) -> bool:
        """``self._finalizer()``: the handle is called, which ends the registration."""
        events = self.heap.points_to.functions[function].events
        names = {event.name for event in events if event.kind == "setattr" and term in options(event.terms[1])}
        by_name = self.heap.removals.feasibility.calls_by_name
        return any(self._runs(home.key, call) for name in names for home, call in by_name.get(name, ()))


def _is_choice(event: Event) -> bool:
    """Tell whether one of several functions is called: ``(register if wanted else unregister)(function)``."""
    return len(options(event.terms[0][1])) > 1


def _names_the_same(contract: Contract, registering: Term, undoing: Term) -> bool:
    """Tell whether two calls give the same parameters by which a registry finds an entry, as far as they can be seen."""
    if len(undoing[2]) > 1 or any(word == "**" for call in (registering, undoing) for word, _ in call[3]):
        return True
    given = {word for word in contract.same if argument_of(contract, registering, word) not in {None, NONE}}
    return given == {word for word, value in undoing[3] if word in contract.same and value != NONE}
