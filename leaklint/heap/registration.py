"""Registrations: callables of the standard library and of other packages that retain what they are handed."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from leaklint.contracts import standard
from leaklint.flow.model import Event, Function
from leaklint.flow.terms import Term, children, walk
from leaklint.heap.figures import kept_results
from leaklint.heap.kept import Kept
from leaklint.heap.multiplicity import MANY

if TYPE_CHECKING:
    from leaklint.heap.retained import Level
    from leaklint.heap.retention import Heap

_OBJECTS = frozenset({"self", "method", "closure", "instance", "exception", "class", "param", "function"})
_SLOTS = frozenset({"excepthook", "displayhook", "unraisablehook", "threading_excepthook", "stdout", "stderr"})


class Registration(NamedTuple):
    """A registering call: what kind of registry, what it keeps, and how sure that is."""

    kind: str
    function: str
    event: Event
    name: str
    kept: Kept
    value: Term
    level: Level
    reasons: tuple[str, ...]
    undo: tuple[str, ...] = ()  # the calls that take it back, as contracts name them


def contract_of(name: str, declared: tuple[str, ...] = ()) -> standard.Registrar | None:
    """Return what is known of a callable that retains what it is handed, by its dotted name; ``declared`` ones do, too."""
    if name in declared:
        return standard.Registrar("registrar")
    found = standard.REGISTRARS.get(name)
    if found is None and name.rpartition(".")[2] in standard.ENDINGS:
        for head, contract in standard.ENDINGS[name.rpartition(".")[2]]:
            if name.startswith(head):
                return contract
    return found


class Registrations:
    """Finds the registrations of a program."""

    def __init__(self, heap: Heap, declared: tuple[str, ...] = ()) -> None:
        self.heap = heap
        self.declared = declared

    def all(self) -> Iterator[Registration]:
        """Yield every registration that keeps an object, at any level."""
        done = set()
        for function, event, term, name in (*self.heap.effects.external, *self._own()):
            contract = contract_of(name, self.declared)
            if contract is None or contract.kind in {"unknown", "slot"}:
                continue
            one = self._registered(contract, function, event, term, name)
            if one is not None and (function, event.place) not in done:
                done.add((function, event.place))
                yield one
        yield from self._threads()
        yield from self._hooks()
        yield from self._patches()
        yield from kept_results(self.heap)

    @cached_property
    def _by_ending(self) -> dict[str, list[tuple[str, Event, Term, str]]]:
        """Return the calls out of the program by the last part of the callee's name."""
        found: dict[str, list[tuple[str, Event, Term, str]]] = {}
        for one in self.heap.effects.external:
            found.setdefault(one[3].rpartition(".")[2], []).append(one)
        return found

    @cached_property
    def _on_handles(self) -> dict[tuple[str, str], list[tuple[str, Event]]]:
        """Return the calls ``x.handle.undo()`` by the name of the handle and ``.undo``, whatever ``x`` is."""
        found: dict[tuple[str, str], list[tuple[str, Event]]] = {}
        for key, function in self.heap.points_to.functions.items():
            for event in function.events:
                callee = event.terms[0][1] if event.kind == "call" else ()
                if callee and callee[0] == "attr" and callee[1][0] == "attr":
                    found.setdefault((callee[1][2], f".{callee[2]}"), []).append((key, event))
        return found

    def _own(self) -> Iterator[tuple[str, Event, Term, str]]:
        """Yield the calls of functions of the program that the project declares to keep what they are given."""
        for key, calls in self.heap.effects.calls.items():
            if key.replace(":", ".") in self.declared:
                for call in calls:
                    yield call.caller, call.event, call.event.terms[0], key.replace(":", ".")

    def _registered(
        self, contract: standard.Registrar, function: str, event: Event, term: Term, name: str
    ) -> Registration | None:
        if self.heap.multiplicity.event_runs(function, event) != MANY:
            return None
        word, text = contract.unless
        weak = word and not any(key == word and value[0] == "const" and value[1] == text for key, value in term[3])
        best: tuple[Kept, Term] | None = None
        subject = term[2][contract.subject] if 0 <= contract.subject < len(term[2]) else None
        for place, given in [
            *enumerate(term[2]),
            *((-1, value) for key, value in term[3] if not contract.words or key in contract.words),
        ]:
            if place == contract.subject and place >= 0:
                continue
            if contract.positions and place >= 0 and place not in contract.positions:
                continue
            for kept in self.heap.keeping.of(given):
                if kept.kind in _OBJECTS and not (
                    weak and not (contract.keeps_functions and kept.kind in {"closure", "function"})
                ):
                    if best is None or kept.rank < best[0].rank:
                        best = (kept, given)
        if best is None or self._undone(contract, function, event, term, best[1]):
            return None
        kept, value = best
        if kept.kind == "function" and not kept.cls:
            return None
        level, reasons = self._level(contract, kept, subject, function, event, value)
        if level < 0:
            return None
        from leaklint.heap.retained import LEVELS

        return Registration(
            contract.kind, function, event, name, kept, value, LEVELS[level], tuple(reasons), contract.undo
        )

    def _level(
        self, contract: standard.Registrar, kept: Kept, subject: Term | None, function: str, event: Event, value: Term
    ) -> tuple[int, list[str]]:
        reasons: list[str] = []
        home = self.heap.points_to.functions[function]
        level = (
            2 if home.name in {"__init__", "__post_init__", "__new__", "__enter__"} or kept.kind == "instance" else 1
        )
        if contract.kind == "finalize":
            level = self._of_finalizer(kept, subject, value)
        if contract.kind == "signal":
            level, reasons = 0, ["one slot for each signal"]
        if kept.kind in {"param", "function", "class"}:
            level = min(level, 1)
            reasons.append(f"assumes that callers pass objects for '{kept.name}'" if kept.kind == "param" else "")
            if kept.kind == "param" and self.heap.usage.of(function, kept.name) == "plain":
                return -1, []
        if kept.cls and self.heap.multiplicity.is_single(kept.cls):
            return -1, []
        if kept.cls and (
            self.heap.multiplicity.is_one_a_run(kept.cls) or self.heap.multiplicity.is_one_at_a_time(kept.cls)
        ):
            level, reasons = 0, ["the program makes one such object"]
        del event
        return level, [reason for reason in reasons if reason]

    def _of_finalizer(self, kept: Kept, subject: Term | None, value: Term) -> int:
        """A finalizer keeps its object only if its callback or arguments lead back to that very object."""
        parts = list(self._handed(value))
        inner = {one for part in parts if part[0] == "func" for one in self.heap.keeping.captures(part[1])}
        if subject is not None and subject[0] in {"param", "cell"} and (subject in parts or subject in inner):
            return 2
        values = self.heap.points_to.evaluate(subject) if subject is not None else frozenset()
        classes = {value[1] for value in values if value[0] in {"self", "inst"}}
        same = bool(kept.cls) and any(
            key in self.heap.points_to.names.classes and self.heap.points_to.classes.related(kept.cls, key)
            for key in classes
        )
        return 2 if same else -1

    def _handed(self, value: Term) -> Iterator[Term]:
        """Yield what is kept with a value: its parts, of a bound method the object, but of another attribute no more."""
        stack = [value]
        while stack:
            term = stack.pop()
            yield term
            is_method = term[0] == "attr" and any(one[0] == "method" for one in self.heap.points_to.evaluate(term))
            if is_method or term[0] not in {"attr", "elem", "iter"}:
                stack.extend(children(term))

    def _undone(self, contract: standard.Registrar, function: str, event: Event, term: Term, value: Term) -> bool:
        """Tell whether the program takes such a registration back, by something other than a finalizer."""
        module = self.heap.points_to.names.module_of(function)
        handles = {
            one.name
            for one in self.heap.points_to.functions[function].events
            if one.kind == "setattr" and one.terms[1] == term
        }
        for undo in contract.undo:
            for other, other_event in (one for handle in handles for one in self._on_handles.get((handle, undo), ())):
                if not self.heap.removals.feasibility.outlived(other_event, self.heap.points_to.functions[other]):
                    return True
            for other, other_event, call, name in self._by_ending.get(undo.rpartition(".")[2], ()):
                home = self.heap.points_to.functions[other]
                if self.heap.removals.feasibility.outlived(other_event, home):
                    continue
                if self.heap.points_to.names.module_of(other) is not module and undo.startswith("."):
                    continue
                if (
                    undo.startswith(".")
                    and call[1][0] == "attr"
                    and call[1][2] == undo[1:]
                    and (name.endswith(undo) or undo == ".detach")
                ):
                    if contract.handle or self._takes_back(other, call, value, function):
                        return True
                if name == undo and self._takes_back(other, call, value, function):
                    return True
            if undo == ".__call__" and self._is_called_back(function, event, term):
                return True
        return False

    def _takes_back(self, function: str, call: Term, value: Term, home: str) -> bool:
        """Tell whether an undoing call takes out what was registered, rather than what others did.

        Without an argument, or by a position, it takes out whatever is there. Where it is not known what a function of
        another module is asked to take out, nothing is shown by it.
        """
        given = [term for term in (*call[2], *(term for _, term in call[3])) if term[0] != "const"]
        if not given:
            return True
        at_home = self.heap.points_to.names.module_of(function) is self.heap.points_to.names.module_of(home)
        registered = list(self._handed_in(home, value, 0))
        taken = [one for term in given for one in self._handed_in(function, term, 0)]
        return any(self._is_same(one, other, at_home) for one in taken for other in registered)

    def _is_same(self, one: Term, other: Term, at_home: bool) -> bool:
        """Tell whether what is taken back is what was registered: the same function, or the same attribute of something."""
        coverage = self.heap.removals.coverage
        same = coverage.same_function(one, other)
        if same is None:
            return (one[0] == other[0] == "attr" and one[2] == other[2]) or (at_home and coverage._equal(one, other))
        return same

    def _handed_in(self, function: str, term: Term, depth: int) -> Iterator[Term]:
        """Yield a term; for a parameter of a function that the program calls, what its callers hand in."""
        calls = self.heap.effects.calls.get(function, ()) if term[0] == "param" and term[1] == function else ()
        given = [(call.caller, call.bound[term[2]]) for call in calls if term[2] in call.bound]
        if not given or depth > 3:
            yield term
        for caller, one in given if depth <= 3 else ():
            yield from self._handed_in(caller, one, depth + 1)

    def _is_called_back(self, function: str, event: Event, term: Term) -> bool:
        """``self._finalizer()``: the handle is called, which ends the registration."""
        for one in self.heap.points_to.functions[function].events:
            if one.kind == "setattr" and one.terms[1] == term:
                for other in self.heap.points_to.functions.values():
                    for call in other.events:
                        if (
                            call.kind == "call"
                            and call.terms[0][1][0] == "attr"
                            and not self.heap.removals.feasibility.outlived(call, other)
                        ):
                            target = call.terms[0][1]
                            if target[2] == one.name:
                                return True
        del event
        return False

    # threads

    def _threads(self) -> Iterator[Registration]:
        from leaklint.heap.threads import Threads

        yield from Threads(self.heap).all()

    # hooks that are chained

    def _hooks(self) -> Iterator[Registration]:
        """``self.old = sys.excepthook; sys.excepthook = self.report``: each keeps the one before; a plain slot is low."""
        from leaklint.heap.retained import LEVELS

        for key, function in self.heap.points_to.functions.items():
            if function.kind in {"module", "class"} or self.heap.multiplicity.runs(key) != MANY:
                continue
            for event in function.events:
                if (
                    event.kind != "setattr"
                    or event.name not in _SLOTS
                    or self.heap.points_to.evaluate(event.terms[0]).isdisjoint({("module", "sys"), ("ext", "sys")})
                ):
                    continue
                kept = next((one for one in self.heap.keeping.of(event.terms[1]) if one.kind in _OBJECTS), None)
                if kept is None:
                    continue
                old = ("attr", event.terms[0], event.name)
                chained = any(
                    one.kind in {"setattr", "setname"} and old in list(walk(one.terms[-1]))
                    for one in function.events
                    if one is not event
                )
                chained = chained or any(
                    old in list(walk(term)) for values in function.assigned.values() for term in values
                )
                if chained and self._is_restored(event.name, key):
                    continue
                reasons = () if chained else ("one slot: the newest stays, the others go",)
                yield Registration(
                    "hook", key, event, f"sys.{event.name}", kept, event.terms[1], LEVELS[1 if chained else 0], reasons
                )

    def _patches(self) -> Iterator[Registration]:
        """``original = Client.send; Client.send = wrapper``: each wrapper keeps the one before."""
        from leaklint.heap.patches import Patches
        from leaklint.heap.retained import LEVELS

        for one in Patches(self.heap).all():
            if one.name.partition(".")[0] != "sys" or one.event.name not in _SLOTS:
                why = ("a function that wraps something usually runs once",) if one.level == 0 else ()
                yield Registration(
                    "patch", one.function, one.event, one.name, one.kept, one.value, LEVELS[one.level], why
                )

    def _is_restored(self, name: str, key: str) -> bool:
        removals = self.heap.removals
        return any(
            event.kind == "setattr"
            and event.name == name
            and event.terms[1][0] in {"attr", "call"}
            and (other != key or any(guard.kind == "finally" for guard in event.guards))
            and not removals.feasibility.only_finalizing(other)
            and not removals.feasibility.never(event, function)
            for other, function in self.heap.points_to.functions.items()
            for event in function.events
        )


__all__ = ["Function", "Registration", "Registrations", "contract_of"]
