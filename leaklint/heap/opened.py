"""Objects of other packages that the package itself keeps until it is told to let go."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from leaklint.contracts.library import of_nature
from leaklint.flow.terms import Term, children, walk
from leaklint.heap.arguments import argument_at, call_arguments
from leaklint.heap.domains import Domain
from leaklint.heap.external_calls import ExternalCall
from leaklint.heap.multiplicity import MANY
from leaklint.heap.retained_objects import Retained

if TYPE_CHECKING:
    from leaklint.contracts.model import Contract
    from leaklint.flow.model import Function
    from leaklint.heap.registration import Registration
    from leaklint.heap.retention import Heap


def kept_results(heap: Heap) -> Iterator[Registration]:
    """Yield calls whose result the callee keeps, and that nothing lets go again."""
    from leaklint.heap.registration import Registration

    opened = Opened(heap)
    for function, event, term, name in heap.effects.external:
        contract = heap.points_to.contracts.callable(name)
        if (
            contract is None
            or not contract.registers
            or contract.slot
            or heap.multiplicity.event_runs(function, event) != MANY
        ):
            continue
        if opened.stays(contract, function, term) and not opened.is_there(contract, term):
            retained = Retained("instance", "", name.rpartition(".")[2])
            reasons = tuple(opened.doubts(contract, function, term))
            yield Registration(
                "object", function, event, name, retained, term, "low" if reasons else "medium", reasons, contract
            )


class Opened:
    """Judges whether what a call has made is closed again, or leaves its function."""

    def __init__(self, heap: Heap) -> None:
        self.heap = heap
        self._given_back: dict[tuple[str, str], bool] = {}

    def is_there(self, contract: Contract, term: Term) -> bool:
        """Tell whether the call is handed one that such a call has made, and gives that back."""
        key = argument_at(term, contract.key.position, contract.key.parameter) if contract.key is not None else None
        values = self.heap.points_to.evaluate(key) if key is not None else frozenset()
        return any(value[:2] == ("extinst", contract.name) for value in values)

    def doubts(self, contract: Contract, function: str, term: Term) -> Iterator[str]:
        """Yield why what a call has made may be of no concern, though nothing in the program closes it."""
        if contract.key is not None and self.is_named(contract, term):
            yield f"one for each {contract.key.parameter}"
        if contract.used_by and not any(
            call[1][0] in {"attr", "name"} and call[1][2] in contract.used_by for call in self._module_calls(function)
        ):
            yield "nothing here uses it up: it is left to whoever calls"
        shown = self._shown(function, term, frozenset()) if contract.undo else ""
        if shown:
            yield f"whoever uses the object may close what its attribute {shown} holds"

    def _shown(self, function: str, term: Term, visited: frozenset[str]) -> str:
        """Return the public attribute under which an object of the program shows what a call has made; nothing if none does."""
        home = self.heap.points_to.functions[function]
        for event in home.events:
            if event.kind == "setattr" and not event.name.startswith("_") and self._carries(event.terms[1], term, home):
                return event.name
        if function in visited or not self._is_returned(function, term):
            return ""
        calls = self.heap.effects.calls.get(function, ())
        return next(
            (name for call in calls if (name := self._shown(call.caller, call.event.terms[0], visited | {function}))),
            "",
        )

    def is_named(self, contract: Contract, term: Term) -> bool:
        """Tell whether it is made under one of few names: the same name gives the same object."""
        key = argument_at(term, contract.key.position, contract.key.parameter) if contract.key is not None else None
        return key is not None and self.heap.keys.of(key) is Domain.FINITE

    def stays(self, contract: Contract, function: str, term: Term, visited: frozenset[str] = frozenset()) -> bool:
        """Tell whether nothing closes what a call has made: not its function, nor a caller that it is returned to.

        Whoever calls a function that the program itself does not call has to close what that returns.
        """
        if self._is_entered(function, term) or self.is_closed(contract, function, term):
            return False
        if not self._is_returned(function, term):
            return True
        calls = self.heap.effects.calls.get(function, ()) if function not in visited else ()
        visited_now = visited | {function}
        return bool(calls) and any(
            self.stays(contract, call.caller, call.event.terms[0], visited_now) for call in calls
        )

    def _is_returned(self, function: str, term: Term) -> bool:
        home = self.heap.points_to.functions[function]
        returns = (event for event in home.events if event.kind in {"return", "yield"})
        return any(self._carries(top, term, home) for event in returns for top in event.terms)

    def _is_entered(self, function: str, term: Term) -> bool:
        """Tell whether a ``with`` statement closes it."""
        events = self.heap.points_to.functions[function].events
        return any(term in walk(event.terms[0]) for event in events if event.kind == "enter")

    def is_closed(self, contract: Contract, function: str, term: Term) -> bool:
        """Tell whether an undoing call closes what a call has made: in its function, where it is handed on, or all at once."""
        home = self.heap.points_to.functions[function]
        names = self.heap.points_to.names
        fields = {event.name for event in home.events if event.kind == "setattr" and term in walk(event.terms[1])}
        reached = self._handed_to(function, term)
        for external in self.heap.effects.external:
            closing, ends = self.heap.points_to.functions[external.function], self._ends(contract, external)
            if not ends or self.heap.removals.feasibility.outlived(external.event, closing):
                continue
            target = external.call[1][1] if ends.startswith(".") else None
            arguments = [target] if target is not None else list(call_arguments(external.call))
            if closing.key in reached or any(term in walk(argument) for argument in arguments):
                return True
            near = names.module_of(closing.key) is names.module_of(function)
            if near and (not arguments or all(argument[0] == "const" for argument in arguments)):
                return True
            if near and any(
                part[0] == "attr" and part[2] in fields for argument in arguments for part in walk(argument)
            ):
                return True
        return any(self._closes_unseen(contract, call, term, fields) for call in self._module_calls(function))

    def _ends(self, contract: Contract, external: ExternalCall) -> str:
        """Return the undoing call of the contract that a call is; nothing if it is none."""
        callee = external.call[1]
        for undo in contract.undo:
            if undo.startswith(".") and callee[0] == "attr" and callee[2] == undo[1:]:
                return undo
            if not undo.startswith(".") and self.heap.points_to.contracts.canonical(external.name) == undo:
                return undo
        return ""

    def _closes_unseen(self, contract: Contract, call: Term, term: Term, fields: set[str]) -> bool:
        """``engine.dispose()``, ``self.engine.dispose()``: a method of the object, whatever its class is taken for."""
        callee = call[1]
        if callee[0] != "attr" or f".{callee[2]}" not in contract.undo:
            return False
        return term in walk(callee[1]) or any(part[0] == "attr" and part[2] in fields for part in walk(callee[1]))

    def _module_calls(self, function: str) -> Iterator[Term]:
        for function_of_module in self.heap.points_to.names.module_of(function).functions.values():
            yield from (event.terms[0] for event in function_of_module.events if event.kind == "call")

    def _handed_to(self, function: str, term: Term) -> set[str]:
        """Return the function itself and those of the program that it hands the object to."""
        functions = {function}
        for key, calls in self.heap.effects.calls.items():
            for call in calls:
                if call.caller == function and any(term in walk(argument) for argument in call.bound.values()):
                    functions.add(key)
        return functions

    def _carries(self, top: Term, term: Term, home: Function) -> bool:
        """Tell whether a value brings an object along: itself, its parts, what holds it, the values of a variable.

        Not what a method of it returns, unless that leads back to the object, and of what a function of the program is
        given only what that gives back.
        """
        stack, visited = [top], set()
        while stack:
            part = stack.pop()
            if part == term:
                return True
            if part in visited:
                continue
            visited.add(part)
            if part[0] == "fresh":
                stack.extend(home.assigned.get(f"{part[2]}@{part[3][0]}:{part[3][1]}", ()))
            elif part[0] == "call" and (returned := self._returned_of(part)) is not None:
                stack.extend(returned)
            elif part[0] == "call" and part[1][0] == "attr" and part[1][2] not in of_nature("leads back"):
                stack.extend(list(call_arguments(part)))
            else:
                stack.extend(children(part))
        return False

    def _returned_of(self, call: Term) -> list[Term] | None:
        """Return which arguments a call of functions of the program gives back; None where it may call others."""
        calling, returned = self.heap.points_to.calling, []
        callees = self.heap.points_to.evaluate(call[1])
        if not callees or any(callee[0] not in {"func", "method"} for callee in callees):
            return None
        for callee in callees:
            receiver = calling.receiver_term(call, callee) if callee[0] == "method" else None
            bound = calling.bind(callee[-1], call, receiver)
            returned += [argument for name, argument in bound.items() if self._gives_back(callee[-1], name)]
        return returned

    def _gives_back(self, key: str, name: str) -> bool:
        """Tell whether what a function returns or yields brings along what it is given for a parameter."""
        if (key, name) not in self._given_back:
            self._given_back[key, name] = False  # of a function that calls itself, by what else it returns
            self._given_back[key, name] = self._is_returned(key, ("param", key, name))
        return self._given_back[key, name]
