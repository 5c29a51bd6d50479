"""Logging handlers and filters that are added for each object, and loggers of which each object makes its own."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from leaklint.contracts.model import Contract
from leaklint.flow.model import Event, Function
from leaklint.flow.terms import UNKNOWN, Term, walk
from leaklint.heap.domains import Domain
from leaklint.heap.early_exits import early_exit, is_handed_on
from leaklint.heap.external import argument
from leaklint.heap.multiplicity import MANY
from leaklint.heap.namespaces import is_constructor
from leaklint.heap.outliving import Life, Outliving
from leaklint.heap.points_to_values import PART

if TYPE_CHECKING:
    from leaklint.heap.retained import Level
    from leaklint.heap.retention import Heap

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
        for function, event, term, name in self.heap.effects.external:
            if self.heap.multiplicity.event_runs(function, event) != MANY:
                continue
            contract, _ = self.heap.points_to.contracts.of_call(name)
            if contract is not None and contract.kind == "logger":
                yield from self._logger(contract, function, event, term)
            elif contract is not None and contract.kind in _ADDED and self._is_for_good(contract, term):
                yield from self._added(function, event, term, contract)

    def _logger(self, contract: Contract, function: str, event: Event, term: Term) -> Iterator[Handler]:
        name = argument(term, 0, "name")
        if name is None or self.heap.keys.of(name) != Domain.FRESH:
            return
        yield Handler("logger", function, event, "medium", (), contract)

    def _is_for_good(self, contract: Contract, term: Term) -> bool:
        """Tell whether a call adds to something that lives as long as the process: a method of it, or of its list."""
        receiver = term[1][1] if term[1][0] == "attr" else term
        if receiver[0] == "attr" and receiver[2] == contract.attribute:
            receiver = receiver[1]
        return self.outliving.of(receiver) is Life.PROCESS

    def _added(self, function: str, event: Event, term: Term, contract: Contract) -> Iterator[Handler]:
        home = self.heap.points_to.functions[function]
        attribute = contract.attribute
        tests = [guard.test for guard in event.guards if guard.kind in {"if", "past", "loop"}]
        if any(self._asks_for(test, attribute) for test in tests):
            return
        given = term[2][0] if term[2] else None
        left_out = self._left_out(home, event, given, contract) if self._is_removed(contract) else ""
        if self._is_removed(contract) and not left_out:
            return
        level, reasons = 1, [left_out] if left_out else []
        named = self._name(term[1][1] if term[1][0] == "attr" else term)
        if named is not None and self.heap.keys.of(named) in {Domain.TEXT, Domain.UNKNOWN, Domain.VALUE}:
            level = 0
            reasons.append("how many loggers there are is not known")
        if any(self._asks_environment(guard.test) for guard in event.guards):
            level = 0
            reasons.append("only where the environment asks for it")
        retained = self.heap.keeping.of(given) if given is not None else []
        if any(one.name == "long" for one in retained):
            return
        if self._is_emptied(home, event, attribute):
            return
        of_objects = self._is_of_objects(home) or any(one.kind == "self" or one.cls for one in retained)
        if not of_objects and not left_out:
            if self._is_over(home, given):
                reasons.append("the program closes it, which does not take it out")
            else:
                level = 0
                reasons.append("a function that configures logging usually runs once")
        if any(one.cls and (self.heap.multiplicity.is_single(one.cls)) for one in retained):
            return
        if home.owner and (
            self.heap.multiplicity.is_single(home.owner) or self.heap.multiplicity.is_one_a_run(home.owner)
        ):
            level = 0
        yield Handler(contract.kind, function, event, "medium" if level else "low", tuple(reasons), contract)

    def _is_of_objects(self, home: Function, depth: int = 0) -> bool:
        """Tell whether code runs for each object of a class: in its constructor, or called from there."""
        if home.kind == "method" and (home.name in {"__enter__", "__aenter__"} or is_constructor(home.name)):
            return True
        calls = self.heap.effects.calls.get(home.key, ()) if depth < 4 else ()
        return any(self._is_of_objects(self.heap.points_to.functions[call.caller], depth + 1) for call in calls)

    def _is_over(self, home: Function, given: Term | None, depth: int = 4) -> bool:
        """Tell whether what a function adds is closed by that run of it: in itself, in its callers, by the same object."""
        made = self.heap.points_to.evaluate(given) - PART if given is not None else frozenset()
        closing = {key for value in made for key in self._closing.get(value, ())}
        functions = self.heap.points_to.functions
        related = self.heap.points_to.classes.related
        if any(home.owner and functions[key].owner and related(home.owner, functions[key].owner) for key in closing):
            return True
        around = {home.key}
        for _ in range(depth):
            around |= {call.caller for key in around for call in self.heap.effects.calls.get(key, ())}
        return not closing.isdisjoint(around)

    @cached_property
    def _closing(self) -> dict[Term, set[str]]:
        """Return the functions that close an object before the process ends, by object."""
        from leaklint_runtime.closers import NAMES

        found: dict[Term, set[str]] = {}
        for key, function in self.heap.points_to.functions.items():
            for event in function.events:
                callee: Term = event.terms[0][1] if event.kind == "call" else UNKNOWN
                if callee[0] != "attr" or callee[2] not in NAMES:
                    continue
                if self.heap.removals.feasibility.outlived(event, function):
                    continue
                for value in self.heap.points_to.evaluate(callee[1]):
                    found.setdefault(value, set()).add(key)
        return found

    @staticmethod
    def _is_emptied(home: Function, event: Event, attribute: str) -> bool:
        """Tell whether the same function takes all handlers out first: ``logger.handlers = []``, ``.clear()``."""
        for one in home.events:
            if one.place < event.place and one.kind == "setattr" and one.name == attribute:
                return True
            cleared = one.kind in {"call", "clear"} and any(
                term[0] == "attr" and term[2] == attribute for term in walk(one.terms[0])
            )
            if one.place < event.place and cleared and (one.kind == "clear" or one.terms[0][1][-1] == "clear"):
                return True
        return False

    def _name(self, logger: Term) -> Term | None:
        """Return the name that a logger is asked for by, as far as that is seen."""
        terms = [logger]
        if logger[0] == "attr":
            for value in self.heap.points_to.evaluate(logger[1]):
                if value[0] in {"self", "inst"} and value[1] in self.heap.points_to.names.classes:
                    terms += [
                        event.terms[1] for _, event in self.heap.points_to.attributes.field_terms(value[1], logger[2])
                    ]
        for one in terms:
            if one[0] == "call" and one[2]:
                return one[2][0]  # type: ignore[no-any-return]
        return None

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

    def _asks_environment(self, test: Term) -> bool:
        """Tell whether a test asks the environment of the process, itself or by a variable that was set to such an answer."""
        assigned_to = self.heap.removals.feasibility.assigned_to
        asked = [test, *(value for one in walk(test) for value in assigned_to(one))]
        return any(
            value[0] == "ext" and self._is_environment(value[1])
            for term in asked for one in walk(term) if one[0] in {"name", "attr", "dotted"}
            for value in self.heap.points_to.evaluate(one)
        )  # fmt: skip

    def _is_environment(self, name: str) -> bool:
        is_a = self.heap.points_to.contracts.is_a
        return is_a(name, "environment") or is_a(name.rpartition(".")[0], "environment")

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

    def _left_out(self, home: Function, event: Event, given: Term | None, contract: Contract) -> str:
        """Return the exit at which a function leaves in what only itself takes out again, further down."""
        removals = self._removals(contract)
        if given is None or given[0] != "call" or any(function != home.key for function, _ in removals):
            return ""
        undoing = [one for _, one in removals]
        if not all(given in (*one.terms[0][2], *(value for _, value in one.terms[0][3])) for one in undoing):
            return ""
        if any(one.kind in {"setattr", "setitem", "setname"} and one.terms[-1] == given for one in home.events):
            return ""
        left = early_exit(home, event, undoing, given)
        if left is None or is_handed_on(home, {undo.rpartition(".")[2] for undo in contract.undo}):
            return ""
        verb = "returns" if left.kind == "return" else "raises"
        return f"it {verb} before it takes it out again (line {left.place[0]})"

    @cached_property
    def _calls(self) -> list[tuple[str, Event, str]]:
        """Return the calls of methods of packages of loggers, by name, and of what is not resolved, which may be a logger."""
        contracts = self.heap.points_to.contracts
        adding = [one for one in contracts.all() if one.kind in _ADDED]
        packages = {one.name.partition(".")[0] for one in adding}
        found = [one for one in self.heap.effects.external if one[3].partition(".")[0] in packages]
        calls = [(function, event, name) for function, event, _, name in found]
        undoing = {end[1:] for one in adding for end in one.undo if end.count(".") == 1}
        for key, function in self.heap.points_to.functions.items():
            for event in function.events:
                callee: Term = event.terms[0][1] if event.kind == "call" else ("unknown",)
                if callee[0] == "attr" and callee[2] in undoing and self.heap.points_to.evaluate(callee) <= PART:
                    calls.append((key, event, f".{callee[2]}"))
        return calls
