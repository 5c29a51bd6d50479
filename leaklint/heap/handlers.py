"""Logging handlers and filters that are added for each object, and loggers of which each object makes its own."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from leaklint.contracts.model import Contract
from leaklint.flow.model import Event, Function
from leaklint.flow.terms import Term, walk
from leaklint.heap.arguments import argument_at, call_arguments
from leaklint.heap.callers import callers_up
from leaklint.heap.certainty import Certainty, Level
from leaklint.heap.domains import Domain
from leaklint.heap.early_exits import early_exit, is_handed_on
from leaklint.heap.external_calls import ExternalCall
from leaklint.heap.grouping import sets_by_key
from leaklint.heap.multiplicity import MANY
from leaklint.heap.namespaces import is_constructor
from leaklint.heap.outliving import Life, Outliving
from leaklint.heap.points_to_values import PART

if TYPE_CHECKING:
    from leaklint.heap.retention import Heap

_CALLERS = 4  # how many callers up it is looked for who makes an object, or closes a handler
_ENTERING = frozenset({"__enter__", "__aenter__"})
_ADDED = frozenset({"handler", "filter"})


class Handler(NamedTuple):
    """A call that adds a handler or a filter, or makes a logger (``kind``), for each object: in which function, how sure."""

    kind: str
    function: str
    event: Event
    level: Level
    reasons: tuple[str, ...]
    contract: Contract


class Handlers:
    """Finds what piles up in ``logging``."""

    def __init__(self, heap: Heap) -> None:
        self.heap = heap
        self.outliving = Outliving(heap)
        self._removed: dict[str, list[tuple[str, Event]]] = {}  # what takes out again what a contract adds

    def all(self) -> Iterator[Handler]:
        """Yield every handler, filter and logger that is made for each object."""
        for external in self.heap.effects.external:
            if self.heap.multiplicity.event_runs(external.function, external.event) != MANY:
                continue
            contract, _ = self.heap.points_to.contracts.of_call(external.name)
            if contract is not None and contract.kind == "logger":
                yield from self._logger(contract, external)
            elif contract is not None and contract.kind in _ADDED and self._is_for_good(contract, external.call):
                yield from self._added(contract, external)

    def _logger(self, contract: Contract, making: ExternalCall) -> Iterator[Handler]:
        name = argument_at(making.call, 0, "name")
        if name is None or self.heap.keys.of(name) != Domain.FRESH:
            return
        yield Handler("logger", making.function, making.event, "medium", (), contract)

    def _is_for_good(self, contract: Contract, term: Term) -> bool:
        """Tell whether a call adds to something that lives as long as the process: a method of it, or of its list."""
        receiver = term[1][1] if term[1][0] == "attr" else term
        if receiver[0] == "attr" and receiver[2] == contract.attribute:
            receiver = receiver[1]
        return self.outliving.of(receiver) is Life.PROCESS

    def _added(self, contract: Contract, adding: ExternalCall) -> Iterator[Handler]:
        home, event, call = self.heap.points_to.functions[adding.function], adding.event, adding.call
        attribute = contract.attribute
        tests = [guard.test for guard in event.guards if guard.kind in {"if", "past", "loop"}]
        if any(self._asks_for(test, attribute) for test in tests):
            return
        handler = call[2][0] if call[2] else None
        left_out = self._left_out(home, event, handler, contract) if self._is_removed(contract) else ""
        if self._is_removed(contract) and not left_out:
            return
        certainty = Certainty(1).because(left_out)
        named = self._name(call[1][1] if call[1][0] == "attr" else call)
        if named is not None and self.heap.keys.of(named) in {Domain.TEXT, Domain.UNKNOWN, Domain.VALUE}:
            certainty = certainty.lowered(0, "how many loggers there are is not known")
        if any(self.heap.removals.feasibility.environment.is_asked(guard.test) for guard in event.guards):
            certainty = certainty.lowered(0, "only where the environment asks for it")
        retained = self.heap.keeping.of(handler) if handler is not None else []
        if any(part.name == "long" for part in retained):
            return
        if self._is_emptied(home, event, attribute):
            return
        of_objects = self._is_of_objects(home) or any(part.kind == "self" or part.cls for part in retained)
        if not of_objects and not left_out:
            if self._is_over(home, handler):
                certainty = certainty.because("the program closes it, which does not take it out")
            else:
                certainty = certainty.lowered(0, "a function that configures logging usually runs once")
        if any(part.cls and self.heap.multiplicity.is_single(part.cls) for part in retained):
            return
        if home.owner and (
            self.heap.multiplicity.is_single(home.owner) or self.heap.multiplicity.is_one_a_run(home.owner)
        ):
            certainty = certainty.lowered(0)
        yield Handler(contract.kind, home.key, event, certainty.word, certainty.reasons, contract)

    def _is_of_objects(self, home: Function) -> bool:
        """Tell whether code runs for each object of a class: in its constructor, or called from there."""
        around = (self.heap.points_to.functions[key] for key in callers_up(self.heap.effects, [home.key], _CALLERS))
        return any(
            function.kind == "method" and (function.name in _ENTERING or is_constructor(function.name))
            for function in around
        )

    def _is_over(self, home: Function, handler: Term | None) -> bool:
        """Tell whether what a function adds is closed by that run of it: in itself, in its callers, by the same object."""
        handlers = self.heap.points_to.evaluate(handler) - PART if handler is not None else frozenset()
        closing = {key for value in handlers for key in self._closing.get(value, ())}
        functions = self.heap.points_to.functions
        related = self.heap.points_to.classes.related
        if any(home.owner and functions[key].owner and related(home.owner, functions[key].owner) for key in closing):
            return True
        return not closing.isdisjoint(callers_up(self.heap.effects, [home.key], _CALLERS))

    @cached_property
    def _closing(self) -> dict[Term, set[str]]:
        """Return the functions that close an object before the process ends, by object."""
        from leaklint_runtime.closers import NAMES

        feasibility = self.heap.removals.feasibility
        return sets_by_key(
            (value, function.key)
            for name in NAMES for function, event in feasibility.calls_by_name.get(name, ())
            if not feasibility.outlived(event, function)
            for value in self.heap.points_to.evaluate(event.terms[0][1][1])
        )  # fmt: skip

    @staticmethod
    def _is_emptied(home: Function, event: Event, attribute: str) -> bool:
        """Tell whether the same function takes all handlers out first: ``logger.handlers = []``, ``.clear()``."""
        for earlier in (earlier for earlier in home.events if earlier.place < event.place):
            if earlier.kind == "setattr" and earlier.name == attribute:
                return True
            if earlier.kind == "clear" or (earlier.kind == "call" and earlier.terms[0][1][-1] == "clear"):
                if any(term[0] == "attr" and term[2] == attribute for term in walk(earlier.terms[0])):
                    return True
        return False

    def _name(self, logger: Term) -> Term | None:
        """Return the name that a logger is asked for by, as far as that is seen."""
        terms, points_to = [logger], self.heap.points_to
        for value in points_to.evaluate(logger[1]) if logger[0] == "attr" else ():
            if value[0] in {"self", "inst"} and value[1] in points_to.names.classes:
                terms += [event.terms[1] for _, event in points_to.attributes.field_terms(value[1], logger[2])]
        return next((term[2][0] for term in terms if term[0] == "call" and term[2]), None)

    def _asks_for(self, test: Term, attribute: str, depth: int = 0) -> bool:
        """Tell whether a test looks at what is there already, by itself or in a function of the program that it calls."""
        for term in walk(test):
            if term[0] == "attr" and term[2] in {attribute, "hasHandlers"}:
                return True
            called = self.heap.points_to.evaluate(term[1]) if term[0] == "call" and depth < 2 else ()
            for value in called:
                if value[0] in {"func", "method"} and self._looks(value[-1], attribute, depth):
                    return True
        return False

    def _looks(self, key: str, attribute: str, depth: int) -> bool:
        function = self.heap.points_to.functions.get(key)
        events = function.events if function is not None else ()
        tops = [top for event in events for top in (*event.terms, *(guard.test for guard in event.guards))]
        return any(self._asks_for(top, attribute, depth + 1) for top in tops)

    def _is_removed(self, contract: Contract) -> bool:
        """Tell whether the program takes handlers, or filters, out again."""
        return bool(self._removals(contract))

    def _removals(self, contract: Contract) -> list[tuple[str, Event]]:
        """Return the calls with which the program takes handlers, or filters, out again, by function."""
        if contract.name not in self._removed:
            outlived, functions = self.heap.removals.feasibility.outlived, self.heap.points_to.functions
            self._removed[contract.name] = [
                (function, event)
                for function, event, name in self._calls
                if name.endswith(contract.undo) and not outlived(event, functions[function])
            ]
        return self._removed[contract.name]

    def _left_out(self, home: Function, event: Event, handler: Term | None, contract: Contract) -> str:
        """Return the exit at which a function leaves in what only itself takes out again, further down."""
        removals = self._removals(contract)
        if handler is None or handler[0] != "call" or any(function != home.key for function, _ in removals):
            return ""
        undoing = [call for _, call in removals]
        if not all(handler in call_arguments(call.terms[0]) for call in undoing):
            return ""
        if any(other.kind in {"setattr", "setitem", "setname"} and other.terms[-1] == handler for other in home.events):
            return ""
        leaving = early_exit(home, event, undoing, handler)
        if leaving is None or is_handed_on(home, {undo.rpartition(".")[2] for undo in contract.undo}):
            return ""
        verb = "returns" if leaving.kind == "return" else "raises"
        return f"it {verb} before it takes it out again (line {leaving.place[0]})"

    @cached_property
    def _calls(self) -> list[tuple[str, Event, str]]:
        """Return the calls of methods of packages of loggers, by name, and of what is not resolved, which may be a logger."""
        contracts = self.heap.points_to.contracts
        adding = [contract for contract in contracts.all() if contract.kind in _ADDED]
        packages = {contract.name.partition(".")[0] for contract in adding}
        external = [call for call in self.heap.effects.external if call.name.partition(".")[0] in packages]
        calls = [(call.function, call.event, call.name) for call in external]
        undoing = {end[1:] for contract in adding for end in contract.undo if end.count(".") == 1}
        for key, function in self.heap.points_to.functions.items():
            for event in function.events:
                callee: Term = event.terms[0][1] if event.kind == "call" else ("unknown",)
                if callee[0] == "attr" and callee[2] in undoing and self.heap.points_to.evaluate(callee) <= PART:
                    calls.append((key, event, f".{callee[2]}"))
        return calls
