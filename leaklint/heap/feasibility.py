"""Whether code has a chance to run while an entry is held: guards, finalizers, the end of the process."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING

from leaklint.contracts.containers import REMOVERS
from leaklint.flow.model import Event, Function, Guard
from leaklint.flow.terms import DISPLAYS, NONE, Term, as_text, walk
from leaklint.flow.truth import falsy, truthy
from leaklint.heap.effects import Effect
from leaklint.heap.environment import Environment
from leaklint.heap.grouping import lists_by_key
from leaklint.heap.identity import outcome
from leaklint.heap.letting_go import LettingGo
from leaklint.heap.multiplicity import IMPORT
from leaklint.heap.namespaces import is_constructor
from leaklint.heap.process_end import ProcessEnd, function_is_private
from leaklint.heap.unnamed import Unnamed
from leaklint.heap.workers import run_by_threads

if TYPE_CHECKING:
    from leaklint.heap.removal import Removals

UNRESOLVED = frozenset({("part",), ("made",), ("unknown",), ("plain", "?")})
_BY_ACCESS = frozenset({"__get__", "__set__", "__delete__", "__getattr__", "__setattr__", "__delattr__"})
_MOST_HELD = 30  # of what one value keeps
_INFINITE = frozenset(("const", repr(word), "str") for word in ("inf", "infinity", "Infinity"))
ANEW = "what is made anew at each access"


class Feasibility:
    """Judges whether a removal can run."""

    def __init__(self, removals: Removals) -> None:
        """Take what is asked for everything else."""
        self.removals = removals
        self.process_end = ProcessEnd(removals)
        self.letting_go = LettingGo(self)
        self.unnamed = Unnamed(removals)
        self.environment = Environment(self)

    def outlived(self, event: Event, function: Function) -> bool:
        """Tell whether what undoes a registration never runs while that lasts."""
        ended = (
            self.only_finalizing(function.key) or bool(self.never(event, function)) or self.process_end.has(function)
        )
        return ended or self.unnamed.is_never_called(function)

    def is_finalizer(self, removal: Effect, classes: set[str]) -> bool:
        """Tell whether only ``__del__`` of what is held leads to a removal."""
        own = {above for cls in classes for above in self._above(cls)} if classes else None
        return self._only_from(removal.function, lambda function: self.finalizes(function, classes), set(), own)

    def waits_for_its_end(self, removal: Effect, stores: list[Effect]) -> bool:
        """Tell whether a removal runs when what is stored itself has gone: ``finalize(x, table.pop, x.key)``."""
        heap, call = self.removals.heap, removal.event.terms[0]
        if removal.how != "callback" or not call[2]:
            return False
        contracts = [heap.contracts.callable(value[1]) for value in heap.evaluate(call[1]) if value[0] == "ext"]
        awaited = call[2][0]
        return any(contract is not None and contract.kind == "finalize" for contract in contracts) and any(
            part == awaited or not self._objects(part).isdisjoint(self._objects(awaited))
            for store in stores
            for term in (store.value, store.key)
            for part in self._held_in(term)
        )

    def _held_in(self, term: Term | None) -> Iterator[Term]:
        """Yield a term and what the container, the record or the function that it makes keeps."""
        terms = [] if term is None else [term]
        for part in islice(terms, _MOST_HELD):  # which grows on the way
            yield part
            if part[0] in DISPLAYS:
                terms += part[1]
            elif part[0] == "func":
                terms += self.removals.keeping.captures(part[1])
            elif part[0] == "call" and any(value[0] == "class" for value in self.removals.heap.evaluate(part[1])):
                terms += part[2]

    def _objects(self, term: Term) -> set[Term]:
        """Return the objects of the program's classes that a term may denote, or has bound to it: as method or partial."""
        heap = self.removals.heap
        values = list(heap.ordered(heap.evaluate(term)))
        for value in islice(values, _MOST_HELD):  # which grows on the way
            if value[0] == "method":
                values.append(value[1])
            elif value[0] == "partial":
                parts = (value[1], *value[2], *(given for _, given in value[3]))
                values += heap.ordered(heap.all_of(parts))
        return {value for value in values if value[0] in {"self", "inst"}}

    def _above(self, key: str) -> list[str]:
        classes = self.removals.heap.classes
        return list(classes.order(key)) if key in self.removals.heap.names.classes else []

    def finalizes(self, function: Function, classes: set[str]) -> bool:
        """Tell whether a function is the ``__del__`` of what is held; of anything, where nobody knows what that is."""
        if function.name != "__del__":
            return False
        related = self.removals.heap.classes.related
        return not classes or any(related(function.owner, cls) for cls in classes if cls and function.owner)

    def only_finalizing(self, key: str) -> bool:
        """Tell whether a function runs only in ``__del__``."""
        return self._only_from(key, lambda function: function.name == "__del__", set(), None)

    def _only_from(self, key: str, entry: object, seen: set[str], own: set[str] | None) -> bool:
        """Tell whether all calls of a function come from an entry; users call public methods, those of ``own`` at least."""
        function = self.removals.heap.functions[key]
        assert callable(entry)
        if entry(function):
            return True
        if key in seen:
            return True
        if key in self._on_threads:
            return False  # whoever starts a thread does not wait for it
        seen.add(key)
        calls = [call for call in self.removals.effects.calls.get(key, []) if call.caller != key]
        private = function.name.startswith("_") and not function.name.startswith("__")
        if not calls or (not private and function.kind == "method" and (own is None or function.owner in own)):
            return False
        return all(self._only_from(call.caller, entry, seen, own) for call in calls)

    @cached_property
    def _on_threads(self) -> set[str]:
        return run_by_threads(self.removals.heap, self.removals.effects)

    def is_left_to_tests(self, removal: Effect, stores: list[Effect]) -> bool:
        """Tell whether only what sets tests up takes out all that is left, and others put something in."""
        if removal.key is not None or not self._is_for_tests(removal.function, frozenset()):
            return False
        return not all(self._is_for_tests(store.function, frozenset()) for store in stores)

    def _is_for_tests(self, key: str, seen: frozenset[str]) -> bool:
        """Tell whether a function sets tests up, or is called, and by such functions alone."""
        if self._sets_up_tests(self.removals.heap.functions[key]):
            return True
        callers = {call.caller for call in self.removals.effects.calls.get(key, ())} - {key}
        return bool(callers) and key not in seen and all(self._is_for_tests(caller, seen | {key}) for caller in callers)

    def _sets_up_tests(self, function: Function) -> bool:
        """Tell whether a function is a fixture of tests, or the method of a test case that runs before or after each test."""
        heap = self.removals.heap
        terms = [
            decorator.term[1] if decorator.term[0] == "call" else decorator.term for decorator in function.decorators
        ]
        names = [value[1] for value in heap.all_of(terms) if value[0] == "ext"]
        names += [function.name] if function.owner and heap.classes.outside(function.owner) else []
        return any(heap.contracts.is_a(name, "sets up tests") for name in names)

    def never(self, event: Event, function: Function, seen: frozenset[str] = frozenset()) -> str:
        """Return why an event has no chance to run in the life of an entry; nothing if it has."""
        reason = self.never_here(event, function)
        calls = [call for call in self.removals.effects.calls.get(function.key, ()) if call.caller not in seen]
        if reason or not calls or len(seen) > 5 or self.is_hook(function):
            return reason
        for call in calls:
            caller = self.removals.heap.functions[call.caller]
            why = self.never(call.event, caller, seen | {function.key})
            if not why:
                return ""
            reason = reason or why
        return reason

    def never_by_name(self, function: Function) -> str:
        """Return why a method has no chance to run where all that may call it, by its name, are objects that are not known."""
        if not function.owner or function_is_private(function) or self.removals.effects.calls.get(function.key):
            return ""
        owners = self._owners.get(function.name, [])
        if (
            function.name in REMOVERS
            or self.is_hook(function)
            or not all(self.removals.heap.classes.related(function.owner, owner) for owner in owners)
        ):
            return ""
        reasons = [
            self.never(event, caller)
            for caller, event in self.calls_by_name.get(function.name, ())
            if self.is_unresolved(event)
        ]
        return reasons[0] if reasons and all(reasons) else ""

    def is_unresolved(self, event: Event) -> bool:
        """Tell whether a call is of a method of an object of which nothing is known."""
        return not self.removals.heap.evaluate(event.terms[0][1]) - UNRESOLVED

    def is_hook(self, function: Function) -> bool:
        """Tell whether a base that was not read, or an access, calls a method by its name: not all its calls are seen then."""
        if function.kind == "method" and function.name in _BY_ACCESS:
            return True
        shown = function.kind == "method" and not function.name.startswith("_")
        return shown and self.removals.heap.classes.may_be_called_outside(function.owner)

    @cached_property
    def _owners(self) -> dict[str, list[str]]:
        """Return the classes that have methods of a name."""
        classes = self.removals.heap.names.classes.items()
        return lists_by_key((name, key) for key, klass in classes for name in klass.methods)

    @cached_property
    def calls_by_name(self) -> dict[str, list[tuple[Function, Event]]]:
        """Return the calls of methods, with the functions in which they stand, by the name of the method."""
        return lists_by_key(
            (event.terms[0][1][2], (function, event))
            for function in self.removals.heap.functions.values()
            for event in function.events if event.kind == "call" and event.terms[0][1][0] == "attr"
        )  # fmt: skip

    def never_here(self, event: Event, function: Function) -> str:
        """Return why an event has no chance to run where its function runs; nothing if it has."""
        if any(guard.kind == "if" for guard in event.guards) and self._ends_in_error(event, function):
            return "it is removed only before an error is raised"
        for guard in event.guards:
            if guard.kind == "except":
                return "it is removed only after an error"
            if self.is_false(guard, function):
                return self._forbidding(guard, function)
            if (
                function.name in {"__exit__", "__aexit__"}
                and guard.kind in {"if", "past"}
                and self._asks_error(guard, function)
            ):
                return "it is removed only after an error"
            if self._never_set(guard, function):
                return "it is removed only from objects that have what others are made without"
        return ""

    @staticmethod
    def _ends_in_error(event: Event, function: Function) -> bool:
        """Tell whether the block in which an event stands ends by raising."""
        return any(
            other.kind == "raise" and other.guards == event.guards and other.place > event.place
            for other in function.events
        )

    @staticmethod
    def _asks_error(guard: Guard, function: Function) -> bool:
        parameters = {("param", function.key, param.name) for param in function.params[1:]}
        test = guard.test
        if test[0] == "param":
            return test in parameters and guard.holds
        unset = falsy(test, not guard.holds)
        return any(term in parameters for term in unset)

    def _forbidding(self, guard: Guard, function: Function) -> str:
        """Return why a guard never lets anything pass."""
        if any(outcome(self.removals.heap, term, function) is not None for term in walk(guard.test)):
            return f"it is removed only if it is identical to {ANEW}"
        return f"it is removed only where {as_text(guard.test)} holds, which nothing sets"

    def keeps_all(self, value: Term | None, function: Function) -> bool:
        """Tell whether a copy without something leaves nothing out: its condition holds for every element."""
        if value is None or value[0] != "comp" or not value[4]:
            return False
        tests = (Guard("if", condition, False) for condition in value[4])
        return all(self.is_false(test, function) for test in tests)

    def is_false(self, guard: Guard, function: Function) -> bool:
        """Tell whether a test in a function has a fixed outcome that forbids the block."""
        if guard.kind not in {"if", "past", "while"}:
            return False
        test, holds = guard.test, guard.holds
        while test[0] == "op" and test[1] == "not":
            test, holds = test[2][0], not holds
        if test[0] == "op" and test[1] in {"and", "or"}:
            parts = (self.is_false(Guard("if", part, holds), function) for part in test[2])
            return any(parts) if (test[1] == "and") == holds else all(parts)
        known = outcome(self.removals.heap, test, function)
        known = self._compared(test) if known is None and test[0] == "op" and len(test[2]) == 2 else known
        known = self._constant(test) if known is None else known
        return known is not None and known != holds

    def _compared(self, test: Term) -> bool | None:
        """Return how a variable compares with None where it is only ever that, or a number with one that has no end."""
        left, right = test[2]
        if test[1] in {"is", "is not"} and right == NONE:
            values = self.assigned_to(left)
            return bool(test[1] == "is") if values and all(value == NONE for value in values) else None
        if test[1] not in {"<", "<=", ">", ">="} or not (self._is_endless(left) or self._is_endless(right)):
            return None
        return (test[1] in {"<", "<="}) == self._is_endless(right)

    def _is_endless(self, term: Term) -> bool:
        """Tell whether a number is one that nothing counted ever comes to: ``float("inf")``, and what is only ever that."""
        return all(map(self._has_no_end, self.assigned_to(term) or [term]))

    def _has_no_end(self, value: Term) -> bool:
        called = value[0] == "call"
        heap = self.removals.heap
        names = {one[1] for one in heap.evaluate(value[1] if called else value) if one[0] == "ext"}
        if called:
            return names == {"builtins.float"} and not _INFINITE.isdisjoint(value[2])
        return any(heap.contracts.returned(name) == "plain endless" for name in names)

    def _constant(self, term: Term) -> bool | None:
        """Return the truth value of a variable that is only ever assigned constants of one truth value."""
        values = [term] if term[0] == "const" else self.assigned_to(term)
        if not values or any(value[0] != "const" for value in values):
            return None
        truths = {value[1] not in {"None", "False", "0", "''"} for value in values}
        return truths.pop() if len(truths) == 1 else None

    def assigned_to(self, term: Term) -> list[Term]:
        """Return all that is assigned to a variable of a module or to an attribute; what is handed in to make an object."""
        values: list[Term] = []
        if term[0] == "name":
            names = self.removals.heap.names
            values = list(names.assigned_to(names.name(term[1], term[2])))
        elif term[0] == "attr":
            owners = [
                value
                for value in self.removals.heap.evaluate(term[1])
                if value[0] in {"self", "inst"} and value[1] in self.removals.heap.names.classes
            ]
            if any(self._has_declared(owner[1], term[2]) for owner in owners):
                return []  # whoever makes an object may give it
            for owner in owners:
                values += [event.terms[1] for _, event in self.removals.heap.attributes.field_terms(owner[1], term[2])]
                attribute = self.removals.heap.classes.attribute(owner[1], term[2])
                values += [attribute[1]] if attribute is not None else []
        return [argument for value in values for argument in self._given(value)]

    def _has_declared(self, key: str, name: str) -> bool:
        """Tell whether a class without a constructor annotates an attribute, as a record does what it is made with."""
        classes = self.removals.heap.classes
        if classes.method(key, "__init__") is not None:
            return False
        hints = (repr(classes.class_of(one).annotations.get(name, "ClassVar")) for one in classes.order(key))
        return any("ClassVar" not in hint for hint in hints)

    def _given(self, value: Term) -> list[Term]:
        """Return what the calls that make an object give for a parameter of its constructor, or its default; else the term."""
        function = self.removals.heap.functions.get(value[1]) if value[0] == "param" else None
        calls = self.removals.effects.calls.get(value[1], ()) if function is not None else ()
        if function is None or not is_constructor(function.name) or not calls:
            return [value]
        default = next((param.default for param in function.params if param.name == value[2]), None)
        return [call.bound.get(value[2], default) or value for call in calls]

    def _never_set(self, guard: Guard, function: Function) -> bool:
        """``if self.parent is not None`` where some objects are made with None for it and keep that."""
        return any(argument == NONE for _, argument in self._made_with(guard, function))

    def _made_with(self, guard: Guard, function: Function) -> Iterator[tuple[str, Term | None]]:
        """Yield what objects are made with for an attribute that a guard asks for, and that is only ever emptied later."""
        if guard.kind not in {"if", "past"} or not function.owner or not function.params:
            return
        heap, me = self.removals.heap, ("param", function.key, function.params[0].name)
        init = heap.classes.method(function.owner, "__init__")
        for term in truthy(guard.test, guard.holds) if init is not None else ():
            fields = heap.attributes.field_terms(function.owner, term[2]) if term[:2] == ("attr", me) else []
            if init is None or any(key != init and event.terms[1] != NONE for key, event in fields):
                continue
            names = {
                event.terms[1][2] for key, event in fields if key == init and event.terms[1][:2] == ("param", init)
            }
            calls = self.removals.effects.calls.get(init, ())
            yield from ((term[2], ("param", init, name)) for name in names if not calls)
            for call in calls:
                if self.removals.multiplicity.call_runs(call) != IMPORT:
                    yield from ((term[2], call.bound.get(name)) for name in names)

    def _may_be_unset(self, removal: Event, function: Function, stores: list[Effect]) -> str:
        """Return the attribute that a removal asks for, and that users may leave out where they make an object to be stored."""
        events = [event for store in stores for event in (store.event, *(call.event for call in store.chain))]
        guards = [guard for event in events for guard in event.guards]
        set_then = {
            term[2] for guard in guards for term in truthy(guard.test, guard.holds) if term[0] in {"attr", "param"}
        }
        for name, argument in (pair for guard in removal.guards for pair in self._made_with(guard, function)):
            if name in set_then:
                continue
            giver = (
                self.removals.heap.functions.get(argument[1])
                if argument is not None and argument[0] == "param"
                else None
            )
            params = giver.params if giver is not None and not function_is_private(giver) else ()
            if argument is not None and any(param.name == argument[2] and param.default == NONE for param in params):
                return name
        return ""

    def doubt(self, removal: Effect, function: Function, stores: list[Effect]) -> tuple[str, str]:
        """Return why a removal may have no chance to run, and what that assumes; nothing where nothing is against it."""
        if reason := self.never_by_name(function):
            return reason, f"assumes that nothing else calls {function.name}()"
        if name := self._may_be_unset(removal.event, function, stores):
            return f"it is removed only where '{name}' is set", f"assumes that some are made without '{name}'"
        return "", ""
