"""Registrations: callables of the standard library and of other packages that retain what they are handed."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from leaklint.contracts.model import Contract, Retains
from leaklint.flow.model import Event, Function
from leaklint.flow.terms import Term, as_text, children, root
from leaklint.heap.arguments import argument_at, argument_of, arguments, call_arguments, row_of
from leaklint.heap.certainty import Certainty, Level
from leaklint.heap.context_growth import ContextGrowth
from leaklint.heap.decorations import decorations
from leaklint.heap.domains import Domain
from leaklint.heap.early_exits import LEFT_BY_ERROR
from leaklint.heap.effects import Effect
from leaklint.heap.external_calls import ExternalCall
from leaklint.heap.grouping import lists_by_key
from leaklint.heap.key_guards import interned, looked_through
from leaklint.heap.kinds import DISTINCT
from leaklint.heap.leading_back import LeadingBack
from leaklint.heap.multiplicity import MANY
from leaklint.heap.namespaces import is_constructor
from leaklint.heap.opened import kept_results
from leaklint.heap.outliving import Life, Outliving
from leaklint.heap.retained_objects import Retained
from leaklint.heap.slots import ONE_SLOT, Slots
from leaklint.heap.undoing import Undoing

if TYPE_CHECKING:
    from leaklint.heap.retention import Heap

_FUNCTIONS = frozenset({"closure", "function"})
# Kinds that others judge.
_ELSEWHERE = frozenset({"thread", "timer", "handler", "filter", "logger", "store", "values", "entries"})
_ONE_OBJECT = frozenset({"name", "dotted"})  # terms of what a module has under a name: the same each time

_CALLBACK = Retained("made", name="callback")  # one that keeps nothing but itself
_NEW_CLASS = Retained("class", name="class")  # one that no class statement makes
_NOT_AT_ALL = Certainty(-1)
_SET = "contextvars.ContextVar.set"
_NEVER = "what takes it back is made anew, and never equals what was registered"


class Registration(NamedTuple):
    """A registering call: what kind of registry, what it keeps, and how sure that is."""

    kind: str
    function: str
    event: Event
    name: str
    retained: Retained
    value: Term
    level: Level
    reasons: tuple[str, ...]
    contract: Contract | None = None


class _Handed(NamedTuple):
    """An argument of a registering call, and the row of the contract that speaks of it."""

    term: Term
    row: Retains
    retained: Retained


class Registrations:
    """Finds the registrations of a program."""

    def __init__(self, heap: Heap) -> None:
        self.heap = heap
        self.contracts = heap.points_to.contracts
        self.undoing = Undoing(heap)
        self.outliving = Outliving(heap)
        self.slots = Slots(heap)
        self.leading_back = LeadingBack(heap)

    def all(self) -> Iterator[Registration]:
        """Yield every registration that keeps an object, at any level."""
        from leaklint.heap.threads import Threads

        done = set()
        for call in (*self.heap.effects.external, *self._own(), *decorations(self.heap)):
            contract, assumed = self.contracts.of_call(call.name)
            place = call.function, call.event.place
            if contract is None or not contract.retains or contract.kind in _ELSEWHERE or place in done:
                continue
            registration = self._registered(contract, assumed, call)
            if registration is not None:
                done.add(place)
                yield registration
        for thread in Threads(self.heap).all():
            handle = thread.event.terms[0]
            if thread.contract is None or not self.undoing.by_handle(thread.contract, thread.function, handle):
                yield thread
        yield from self.slots.all()
        yield from self._variables()
        yield from self._patches()
        yield from self._results()

    def _results(self) -> Iterator[Registration]:
        """Yield the results that are kept by what outlives the object, or may do so."""
        for result in kept_results(self.heap):
            contract, call = result.contract, result.event.terms[0]
            life = self._life(contract, call) if contract is not None else Life.PROCESS
            if life is Life.UNKNOWN and contract is not None:
                why = f"assumes that {self._keeper(contract, call)} outlives the object"
                yield result._replace(level="low", reasons=(*result.reasons, why))
            elif life is not Life.SHORT:
                yield result

    def _variables(self) -> Iterator[Registration]:
        """Yield the context variables that objects have for themselves: the context holds each that is set."""
        contract = self.contracts.callable(_SET)
        for growth in ContextGrowth(self.heap).variables():
            function, event, reasons = growth.function, growth.event, (growth.reason,)
            yield Registration(
                "callback", function, event, _SET, growth.retained, growth.value, "medium", reasons, contract
            )

    def _own(self) -> Iterator[ExternalCall]:
        """Yield the calls of functions of the program that the project declares to keep what they are given."""
        for key, calls in self.heap.effects.calls.items():
            name = key.replace(":", ".")
            if self.contracts.is_declared(name):
                for call in calls:
                    yield ExternalCall(call.caller, call.event, call.event.terms[0], name)

    def _registered(self, contract: Contract, assumed: str, registering: ExternalCall) -> Registration | None:
        function, event, term, name = registering
        if self.heap.multiplicity.event_runs(function, event) != MANY or self._is_of_few(function, event):
            return None
        best = min(self._handed_over(contract, term), key=lambda handed: _rank(handed.retained), default=None)
        if best is None or (best.retained.kind == "function" and not best.retained.cls):
            return self._missed(contract, registering)
        life = self._life(contract, term)
        undone = life is not Life.SHORT and self.undoing.is_undone(contract, registering, best.term)
        if life is Life.SHORT or (undone and not contract.until):
            return None
        if best.row.parameter == "self" and self.undoing.ends_with_owner(contract, registering, best.term):
            return None
        sure = self._certainty(contract, best.retained, registering, best.term)
        if sure.level < 0:
            return None
        if undone and self._leaves_open(best.retained.cls):
            sure = sure.lowered(1, "of those that nobody closes, as the program closes none that it makes")
        elif undone:
            sure = sure.lowered(0, "it ends where it is called, but never with its object, which it keeps")
        if life is Life.UNKNOWN:
            sure = sure.lowered(0, f"assumes that {self._keeper(contract, term)} outlives the object")
        if best.row.parameter == "self" and any(guard.kind in {"if", "past"} for guard in event.guards):
            sure = sure.lowered(0, "only under a condition, which may be that none is started yet")
        if contract.name.startswith("logging.") and self.heap.points_to.functions[function].kind != "method":
            sure = sure.lowered(0, "a function that configures logging usually runs once")
        if assumed:
            sure = sure.lowered(sure.level - 1, assumed)
        kind = "object" if best.row.parameter == "self" else contract.kind
        return Registration(kind, function, event, name, best.retained, best.term, sure.word, sure.reasons, contract)

    def _is_of_few(self, function: str, event: Event) -> bool:
        """Tell whether a call comes once for each of a few keys: where a table or the registry itself has none yet."""
        home, callee = self.heap.points_to.functions[function], event.terms[0][1]
        if callee[0] == "attr" and callee[1] in looked_through(home, event):
            return True
        return any(
            store.event.guards and event.guards[: len(store.event.guards)] == store.event.guards
            and interned(store, self.heap.points_to) and self.heap.keys.of_store(store) is Domain.FINITE
            and (place := self.heap.lifetime.where(store.container)) is not None and place.scope != "object"
            for store in self._keyed.get(function, ())
        )  # fmt: skip

    @cached_property
    def _keyed(self) -> dict[str, list[Effect]]:
        """Return the stores under keys by the function in which they stand."""
        stores = (effect for effect in self.heap.effects.effects if effect.kind == "store")
        return lists_by_key((store.function, store) for store in stores if store.key is not None)

    def _missed(self, contract: Contract, registering: ExternalCall) -> Registration | None:
        """Return a registration that is meant to go and does not, which is more than a few, whatever it keeps."""
        function, event, term, name = registering
        for place, word, argument in arguments(contract, term):
            row = row_of(contract, term, place, word)
            strong = row is not None and row.hold == "strong" and self._life(contract, term) is Life.PROCESS
            if strong and self.undoing.is_missed(contract, function, argument):
                return Registration(
                    contract.kind, function, event, name, _CALLBACK, argument, "medium", (_NEVER,), contract
                )
        return None

    def _leaves_open(self, key: str) -> bool:
        """Tell whether the program makes objects of a class and closes none, so that it leaves them to their finalizers."""
        from leaklint_runtime.closers import NAMES

        classes, functions = self.heap.points_to.classes, self.heap.points_to.functions
        if key not in self.heap.points_to.names.classes or not self.heap.multiplicity.constructions(key):
            return False
        closers = {method for name in NAMES if (method := classes.method(key, name)) is not None}
        callers = {call.caller for method in closers for call in self.heap.effects.calls.get(method, ())}
        owners = [functions[caller].owner for caller in callers]
        return all(owner and classes.related(owner, key) for owner in owners)

    def _handed_over(self, contract: Contract, term: Term) -> Iterator[_Handed]:
        """Yield the objects that a call keeps, each with its argument."""
        for place, word, argument in arguments(contract, term):
            row = row_of(contract, term, place, word)
            if row is None or row.hold == "weak" or argument[0] in _ONE_OBJECT:
                continue
            if self._is_named_tuple(argument):
                yield _Handed(argument, row, _NEW_CLASS)
            for retained in self.heap.keeping.of(argument):
                if word == "self" and retained.kind == "made":  # what the package itself has made
                    yield _Handed(argument, row, retained._replace(kind="instance"))
                elif retained.kind in DISTINCT and (row.hold == "strong" or retained.kind in _FUNCTIONS):
                    yield _Handed(argument, row, retained)

    def _is_named_tuple(self, argument: Term) -> bool:
        """Tell whether an argument is a named tuple's class, made for the call."""
        callees = self.heap.points_to.evaluate(argument[1]) if argument[0] == "call" else ()
        return any(callee[0] == "ext" and self.contracts.returned(callee[1]) == "named tuple" for callee in callees)

    def _life(self, contract: Contract, term: Term) -> Life:
        """Return how long the call keeps what it is handed."""
        if contract.lifetime in {"call", "result"} or (contract.freed and contract.lifetime != "process"):
            return Life.SHORT  # also what is let go before that what keeps it ends
        if contract.lifetime == "receiver":
            receiver = _receiver(contract, term)
            return self.outliving.of(receiver) if receiver is not None else Life.UNKNOWN
        if contract.lifetime.startswith("argument "):
            argument = argument_of(contract, term, contract.lifetime.partition(" ")[2])
            return self.outliving.of(argument) if argument is not None else Life.UNKNOWN
        return Life.PROCESS

    def _keeper(self, contract: Contract, term: Term) -> str:
        if contract.lifetime == "receiver":
            receiver = _receiver(contract, term)
            return f"'{as_text(receiver)}'" if receiver is not None else "what it is called on"
        argument = argument_of(contract, term, contract.lifetime.partition(" ")[2])
        return f"'{as_text(argument)}'" if argument is not None else "what it is called with"

    def _certainty(self, contract: Contract, retained: Retained, registering: ExternalCall, value: Term) -> Certainty:
        """Return how sure it is that a registration keeps an object that users let go."""
        function, term = registering.function, registering.call
        home = self.heap.points_to.functions[function]
        birth = home.name == "__enter__" or is_constructor(home.name)
        level = 2 if birth else 1  # how often another method is called nobody knows
        if contract.until:
            subject = argument_of(contract, term, contract.until.partition(" ")[2])
            level = self._of_finalizer(retained, subject, value, home)
        sure = Certainty(level)
        if (place := self._one_place(contract, term)) and level >= 0:
            chained = bool(contract.previous) and self.slots.chains(contract, registering)
            left = chained and self.slots.is_left_by_error(contract, registering)
            sure = sure.lowered(0, LEFT_BY_ERROR) if left else sure.lowered(1) if chained else sure.lowered(0, place)
        if retained.kind in {"param", "function", "class"}:
            sure = sure.lowered(1)
        if retained.kind == "param":
            if self.heap.usage.of(function, retained.name) == "plain":
                return _NOT_AT_ALL
            sure = sure.because(f"assumes that callers pass objects for '{retained.name}'")
        if contract.kind == "callback" and self._sets_up(home, retained):
            sure = sure._replace(level=0).because("a function that registers what it has made usually runs once")
        return self._counted(sure, retained, home)

    def _counted(self, sure: Certainty, retained: Retained, home: Function) -> Certainty:
        """Return how sure it is by how many of such objects there are, and of those that register them."""
        often = self.heap.multiplicity
        if retained.cls and often.is_single(retained.cls):
            return _NOT_AT_ALL
        if retained.cls and (often.is_few(retained.cls) or often.is_one_at_a_time(retained.cls)):
            sure = Certainty(min(sure.level, 0), ("the program makes only a fixed number of such objects",))
        if sure.level > 1 and retained.cls and not often.is_seen_often(retained.cls):
            sure = sure.lowered(1, "assumes that many are made")
        if retained.kind == "instance" and home.owner and often.is_one_a_run(home.owner):
            sure = sure._replace(level=0).because("the program makes one object that registers it")
        return sure

    def _sets_up(self, home: Function, retained: Retained) -> bool:
        """Tell whether a function that belongs to no object, and that the program itself does not call, registers its own."""
        calls = self.heap.effects.calls.get(home.key, ())
        is_apart = home.kind != "method" and not home.parent and not calls
        return is_apart and retained.kind == "instance" and not retained.chain

    def _one_place(self, contract: Contract, term: Term) -> str:
        """Return why the next registration replaces this one; nothing where it does not."""
        key = contract.key
        if key is None:
            return ONE_SLOT if contract.slot and not self._is_among_many(contract, term) else ""
        argument = argument_at(term, key.position, key.parameter)
        domain = self.heap.keys.of(argument) if argument is not None else Domain.FRESH
        # of what is kept for itself, and not only as a name, few are handed in as a rule: the classes of a program
        rare = contract.slot or any(row.parameter == key.parameter for row in contract.retains)
        few = domain not in {Domain.FRESH, Domain.OBJECT} if rare else domain is Domain.FINITE
        return f"one slot for each {key.parameter}" if few else ""

    def _is_among_many(self, contract: Contract, term: Term) -> bool:
        """Tell whether a slot is one of an object that is asked for by what may be new each time: ``gauge.labels(name)``."""
        receiver = _receiver(contract, term) if contract.lifetime == "receiver" else None
        if receiver is None or receiver[0] != "call":
            return False
        arguments = call_arguments(receiver)
        return any(self.heap.keys.of(argument) is not Domain.FINITE for argument in arguments)

    def _of_finalizer(self, retained: Retained, subject: Term | None, value: Term, home: Function) -> int:
        """What is kept until an object ends keeps that object only if it leads back to that very object."""
        if subject is not None and subject[:2] == ("const", "None"):
            return 2  # until the process ends
        parts = list(self._parts(value))
        captured = {variable for part in parts if part[0] == "func" for variable in self.heap.keeping.captures(part[1])}
        if subject is not None and not captured.union(parts).isdisjoint(_holders(subject, home)):
            return 2
        values = self.heap.points_to.evaluate(subject) if subject is not None else frozenset()
        classes = {value[1] for value in values if value[0] in {"self", "inst"}}
        same = bool(retained.cls) and any(
            key in self.heap.points_to.names.classes and self.heap.points_to.classes.related(retained.cls, key)
            for key in classes
        )
        if same or self._leads_back(value, classes):
            return 2
        put_back = subject is not None and self.leading_back.leads_back(home, subject, set(parts))
        return 2 if put_back else -1

    def _leads_back(self, value: Term, classes: set[str]) -> bool:
        """Tell whether what is kept is made with an object of some classes and keeps it, or is a method of such a thing."""
        is_method = value[0] == "attr" and any(
            denoted[0] == "method" for denoted in self.heap.points_to.evaluate(value)
        )
        names, related = self.heap.points_to.names.classes, self.heap.points_to.classes.related
        return any(
            retained.kind == "self"
            and retained.cls in names
            and any(key in names and related(retained.cls, key) for key in classes)
            for retained in self.heap.keeping.inside(value[1] if is_method else value)
        )

    def _parts(self, value: Term) -> Iterator[Term]:
        """Yield what is kept with a value: its parts, of a bound method the object, but of another attribute no more."""
        stack = [value]
        while stack:
            term = stack.pop()
            yield term
            is_method = term[0] == "attr" and any(
                denoted[0] == "method" for denoted in self.heap.points_to.evaluate(term)
            )
            if is_method or term[0] not in {"attr", "elem", "iter"}:
                stack.extend(children(term))

    def _patches(self) -> Iterator[Registration]:
        """``original = Client.send; Client.send = wrapper``: each wrapper keeps the one before."""
        from leaklint.heap.patches import Patches

        for patch in Patches(self.heap).all():
            if not self.slots.name_of(patch.event):
                level, reasons = patch.certainty.word, patch.certainty.reasons
                yield Registration(
                    "patch", patch.function, patch.event, patch.name, patch.retained, patch.value, level, reasons
                )


def _rank(retained: Retained) -> int:
    """Return how telling what is kept is: a closure over what is not known says no more than a class."""
    return _NEW_CLASS.rank if retained.kind == "closure" and not retained.cls else retained.rank


def _holders(subject: Term, home: Function) -> list[Term]:
    """Return what keeps an object as a function has it: itself, what it is read from, what it is put into as an attribute."""
    if subject[0] in {"param", "cell"}:
        return [subject]
    read = root(subject) if subject[0] == "attr" else subject
    return [read] * (read[0] in {"param", "cell"}) + [
        event.terms[0] for event in home.events if event.kind == "setattr" and event.terms[1] == subject
    ]


def _receiver(contract: Contract, term: Term) -> Term | None:
    """Return what keeps, of what lives as long as its receiver: what a method is called on, what a constructor makes."""
    if contract.is_constructor:
        return term
    receiver: Term | None = term[1][1] if term[1][0] == "attr" else None
    return receiver


__all__ = ["Registration", "Registrations"]
