"""Context variables that are set to longer copies of what they hold, ``TRAIL.set(TRAIL.get() + (node,))``, or to links."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from leaklint.flow.model import Event, Function
from leaklint.flow.terms import DISPLAYS, UNKNOWN, Term, alternatives, children
from leaklint.heap.certainty import Certainty
from leaklint.heap.context_links import ContextLinks
from leaklint.heap.domains import Domain
from leaklint.heap.effects import Effect
from leaklint.heap.multiplicity import IMPORT, MANY
from leaklint.heap.namespaces import is_constructor
from leaklint.heap.release import Quality, Release
from leaklint.heap.retained import Retention, Store
from leaklint.heap.retained_objects import Retained

if TYPE_CHECKING:
    from leaklint.heap.retention import Heap

_ONE_CONTEXT = "assumes that it runs in one context, which no task or thread of its own takes along"
_CALLERS = 4  # how many callers up a coroutine is looked for
_GROWING = frozenset({Domain.FRESH, Domain.OBJECT})


class VariableSet(NamedTuple):
    """A call that sets a context variable of which there are many: in which function, what it keeps, what is assumed."""

    function: str
    event: Event
    retained: Retained
    value: Term
    reason: str


class ContextGrowth:
    """Finds what piles up in the context of a thread, where nothing sets the variable back."""

    def __init__(self, heap: Heap) -> None:
        """Take what is asked for everything else."""
        self.heap = heap
        self.links = ContextLinks(heap)

    def all(self) -> Iterator[Retention]:
        """Yield each variable of which every new value has all of the one before."""
        for variable, settings in self.heap.keys.settings.by_variable.items():
            if variable not in self.heap.lifetime.long:
                continue
            added = [
                (function, event, key, part)
                for function, event in settings
                if self.heap.multiplicity.event_runs(function.key, event) == MANY
                for key, part in self._additions(function, event.terms[0])
            ]
            if added and not self._is_set_back(variable, settings):
                yield from self._retention(variable, added)

    def variables(self) -> Iterator[VariableSet]:
        """Yield where a variable is set that is made for one object or one run: the context holds both, and each is another."""
        made = {
            ("container", "contextvar", external.call[4]): external.function
            for external in self.heap.effects.external
            if self.heap.points_to.contracts.is_a(external.name, "makes a context variable")
            and self.heap.multiplicity.event_runs(external.function, external.event) == MANY
        }
        for variable, maker in made.items():
            settings = self.heap.keys.settings.by_variable.get(variable, [])
            if any(event.terms[0][1][2] == "reset" for _, event in settings):
                continue
            for function, event in settings[:1]:
                if self._is_of_one(maker, function, event.terms[0]) and not self._has_its_own(function):
                    value = event.terms[0][2][0]
                    yield VariableSet(function.key, event, self._retained(value, "variable"), value, _ONE_CONTEXT)

    def _retained(self, value: Term, name: str) -> Retained:
        """Return what a value keeps, the most telling; what it is called where that is nothing in particular."""
        every = (one for one in self.heap.keeping.of(value) if one.kind not in {"plain", "weak", "part"})
        return next(every, Retained("made", name=name))

    def _is_of_one(self, maker: str, function: Function, term: Term) -> bool:
        """Tell whether a variable belongs to an object of which there are many, or to the run that sets it."""
        home = self.heap.points_to.functions[maker]
        if home.owner and is_constructor(home.name):
            return not self.heap.multiplicity.is_single(home.owner) and not self.heap.multiplicity.is_one_a_run(
                home.owner
            )
        return function is home and term[1][1][0] == "call"

    def _retention(self, variable: Term, added: list[tuple[Function, Event, Term | None, Term]]) -> Iterator[Retention]:
        location = self.heap.lifetime.long[variable]
        stores = []
        for function, event, key, part in added:
            domain = self.heap.keys.of(key) if key is not None else Domain.UNKNOWN
            if domain is Domain.FINITE:
                continue
            few = key is not None and domain not in _GROWING
            level = 0 if few or self._has_its_own(function) else 1
            effect = Effect(
                "store", "rebuilt", ("container", "object", variable[2]), part, key, part, function.key, event
            )
            certainty = Certainty(level, (_ONE_CONTEXT,))
            stores.append(Store(effect, self._retained(part, "entry"), "element", domain, certainty))
        if stores:
            stores.sort(key=lambda store: -store.certainty.level)
            certainty = stores[0].certainty
            release = Release(Quality.NONE, "each value has all of the one before, and nothing sets it back")
            yield Retention(location, "object", tuple(stores), release, certainty.word, certainty.reasons)

    def _has_its_own(self, function: Function) -> bool:
        """Tell whether code may run in a context that ends with it: that of a task, or one that the program copies."""
        return self._copies or self._is_of_tasks(function.key, 0)

    @cached_property
    def _copies(self) -> bool:
        """Tell whether the program copies contexts, to run something in one."""
        natures = self.heap.points_to.contracts.is_a
        return any(natures(external.name, "copies the context") for external in self.heap.effects.external)

    def _is_of_tasks(self, key: str, depth: int) -> bool:
        """Tell whether a function is a coroutine, or called by coroutines alone."""
        callers = {call.caller for call in self.heap.effects.calls.get(key, ())} - {key} if depth < _CALLERS else set()
        if self.heap.points_to.functions[key].is_async:
            return True
        return bool(callers) and all(self._is_of_tasks(one, depth + 1) for one in callers)

    def _additions(self, function: Function, term: Term) -> Iterator[tuple[Term | None, Term]]:
        """Yield what a new value has more than the old one: keys, where it is a mapping, and values."""
        value, rebinding = term[2][0], self.heap.rebinding
        if term[1][2] == "reset":
            return
        held: Term = ("read", term[1][1])
        around = list(self._around(value, held))
        if not around and self.links.is_linked(function, term):
            yield None, value
        if all(one[0] not in {"container", "inst"} for one in self.heap.points_to.evaluate(value)):
            return  # a number that is counted up, a text
        yield from ((None, part) for part in rebinding.added(value, held, []))
        yield from rebinding.added_under_keys(value, held, [])
        yield from ((None, part) for part in around)
        if self._is_copy(value, held):
            for event in function.events:
                if event.kind == "setitem" and event.terms[0] == value:
                    yield event.terms[1], event.terms[2]
                elif event.kind == "call" and event.terms[0][1][:2] == ("attr", value) and len(event.terms[0][2]) == 1:
                    if event.terms[0][1][2] in {"append", "add", "appendleft"}:
                        yield None, event.terms[0][2][0]

    def _around(self, value: Term, held: Term) -> Iterator[Term]:
        """Yield what stands beside the old value in a new one: ``TRAIL.set((node, TRAIL.get()))``."""
        makes = value[0] == "call" and any(one[0] == "class" for one in self.heap.points_to.evaluate(value[1]))
        parts = children(value)[makes:] if makes or value[0] in DISPLAYS else ()
        if any(self.heap.rebinding.is_old(part, held, []) for part in parts):
            yield from (part for part in parts if not self.heap.rebinding.is_old(part, held, []))

    def _is_copy(self, value: Term, held: Term) -> bool:
        """Tell whether a value is a copy of the old one: ``dict(FIELDS.get())``, ``FIELDS.get().copy()``."""
        given: Term = UNKNOWN
        if value[0] == "call" and value[1][0] == "attr" and value[1][2] == "copy":
            given = value[1][1]
        elif value[0] == "call" and len(value[2]) == 1:
            given = value[2][0]
        return any(self.heap.rebinding.is_old(one, held, []) for one in alternatives(given))

    def _is_set_back(self, variable: Term, settings: list[tuple[Function, Event]]) -> bool:
        """Tell whether the program sets a variable to something else while it runs, or back to an older value."""
        feasibility = self.heap.removals.feasibility
        for function, event in settings:
            if self.heap.multiplicity.event_runs(function.key, event) == IMPORT:
                continue
            if feasibility.never(event, function) or feasibility.outlived(event, function):
                continue
            if not any(True for _ in self._additions(function, event.terms[0])):
                return True
        return False
