"""Paths of an entry's life on which no removal stands: a generator that is closed, an error, an early return.

A removal that exists may still be missed. What is asked here is a must: of the function that puts an entry in, every way
out has to pass a removal, unless somebody else can be expected to take the entry out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from leaklint.flow.model import Event, Function, Guard, returns_early
from leaklint.flow.terms import NONE, Term, walk
from leaklint.heap.arguments import call_arguments
from leaklint.heap.blocks import Blocks
from leaklint.heap.called_back import CalledBack
from leaklint.heap.counted import Counted
from leaklint.heap.domains import Domain
from leaklint.heap.early_exits import is_opposed
from leaklint.heap.effects import Call, Effect
from leaklint.heap.emptied import Emptied
from leaklint.heap.filing import slot_of
from leaklint.heap.final_states import FinalStates
from leaklint.heap.forgetting import Forgetting
from leaklint.heap.held_entries import HeldEntry, Stay
from leaklint.heap.list_memo import ListMemo
from leaklint.heap.moving import Moving
from leaklint.heap.overriding import Overriding
from leaklint.heap.release import ON_THAT_WAY, Missed
from leaklint.heap.removal_sites import RemovalSites, is_after
from leaklint.heap.renaming import Renaming
from leaklint.heap.sides import Sides
from leaklint.heap.tickets import Tickets
from leaklint.heap.turns import Turns
from leaklint.heap.unswept import Unswept
from leaklint.heap.unwinding import Unwinding
from leaklint.heap.ways_out import WaysOut, is_pair

if TYPE_CHECKING:
    from leaklint.heap.removal import Removals

_TAKING = frozenset({"pop", "popitem", "popleft"})
_BY_VALUE = frozenset({"remove", "discard"})
_SAFE = frozenset({"finally", "except"})
_MANAGERS = frozenset({"contextlib.contextmanager", "contextlib.asynccontextmanager"})


class _Question(NamedTuple):
    """A question about an entry: what keeps it, whether such entries are meant to go, and what to do about it."""

    ask: Callable[[HeldEntry], str]
    is_meant: Callable[[HeldEntry], bool] = lambda _: False
    advice: str = ON_THAT_WAY


class Paths:
    """Finds the ways on which the entries of stores stay."""

    def __init__(self, removals: Removals) -> None:
        """Take what is asked for everything else."""
        self.removals = removals
        self.heap = removals.heap
        self.effects = removals.effects
        self.sites = RemovalSites(removals)
        self.tickets = Tickets(removals, self.sites)
        self.turns = Turns(removals, self.sites)
        self.sides = Sides(removals, self.sites)
        self.emptied = Emptied(removals)
        self.counted = Counted(removals, self.sites)
        self.blocks = Blocks(removals, self.sites)
        self.ways_out = WaysOut(removals, self.sites, self.tickets)
        self.unwinding = Unwinding(removals, self.sites, self.ways_out)
        self.unswept = Unswept(self.sides)
        self.final_states = FinalStates(removals, self.sites)
        self.called_back = CalledBack(removals, self.sites)
        self.forgetting = Forgetting(removals, self.sites)
        self.moving = Moving(removals, self.sites)
        self.overriding = Overriding(removals, self.sites)
        self.renaming = Renaming(removals, self.sites)
        self._is_any_open = ListMemo(self._is_open)

    @cached_property
    def _questions(self) -> tuple[_Question, ...]:
        """Return what is asked of an entry, in the order in which the first answer is told."""
        sides = self.sides
        return (
            _Question(self._suspended, self._adds_up),
            _Question(self.blocks.kept_by_error, self._adds_up),
            _Question(self._abandoned, self._adds_up),
            _Question(self._skipped),
            _Question(self.turns.returning),
            _Question(self.overriding.without),
            _Question(self.moving.elsewhere),
            _Question(self.forgetting.of_entry),
            _Question(self.called_back.leaving),
            _Question(self.final_states.passed_over),
            _Question(lambda entry: "" if self._goes_when_done(entry) else sides.left_behind(entry)),
            _Question(sides.outrun),
            _Question(sides.marks.late),
            _Question(self.unwinding.passing_by),
            _Question(lambda entry: self.unswept.why(entry.store), _always, "sweep it as well"),
            _Question(lambda entry: sides.in_step.outgrown(entry.store, entry.fitting), _always),
            _Question(self.renaming.under_old_key, _always),
        )

    def missed(self, stores: list[Effect], fitting: list[Effect], every: list[Effect]) -> Missed | None:
        """Return a way on which the entry of a store stays, if there is one.

        ``fitting`` are the removals that can take out what the stores put in, ``every`` all those from the same holder.
        """
        by_container: dict[Term, HeldEntry] = {}
        for store in stores:
            known = by_container.get(store.container)
            if known is None:
                known = HeldEntry(store, self._outside(fitting, store), self._outside(every, store), every)
                by_container[store.container] = known
            entry = known._replace(store=store)
            for question in self._questions if entry.fitting else ():
                if why := question.ask(entry):
                    return Missed(store, why, question.advice, question.is_meant(entry))
        return None

    def _adds_up(self, entry: HeldEntry) -> bool:
        return self.unwinding.adds_up(entry.store)

    def _outside(self, removals: list[Effect], store: Effect) -> list[Effect]:
        """Return removals without those from containers that are inside of what a store puts in."""
        is_inside = self.removals.coverage.is_inside
        return [removal for removal in removals if not is_inside(removal.container, store.container)]

    def only_elsewhere(self, stores: list[Effect], removals: list[Effect]) -> Missed | None:
        """Return the store whose entry another container of the same object loses in its life, and this one does not."""
        for store in stores:
            why = self.sides.of_threads(store) or (self.sides.unindexed(store) if not removals else "")
            if why:
                return Missed(store, why)
            home = self.sites.frames(store)[-1].function
            last = [event for event in home.events if self.is_last(event, store)] if not removals else []
            if why := self.counted.why(store, last) or self.sides.ended.left_in(store, removals):
                return Missed(store, why, "remove it there as well", meant=True)
        return None

    def only_inside(self, stores: list[Effect]) -> Missed | None:
        """Return the store whose entries are emptied; nothing is removed from the holder."""
        reasons = ((store, self.emptied.why(store)) for store in stores)
        return next(
            (Missed(store, why, "remove those that are empty", meant=True) for store, why in reasons if why), None
        )

    # suspension

    def _suspended(self, entry: HeldEntry) -> str:
        """Return the yield at which a generator holds an entry that it takes out only afterwards."""
        fitting = entry.fitting
        for function, putting in self.unwinding.around(entry.store, fitting):
            yielded = [event for event in function.events if event.kind == "yield" and _is_held_at(event, putting)]
            manager = self._is_manager(function)
            if not yielded or manager is None or function.key in self.removals.abandonment.run_by_others:
                continue
            inside = [(removal, event) for removal in fitting for event in self.sites.events_in(function, removal)]
            if len({id(removal) for removal, _ in inside}) < len(fitting):
                continue  # somebody else takes it out, too
            events = [event for _, event in self.sites.all_in(function, entry.outside)]
            safe = [event for event in events if _SAFE & {guard.kind for guard in event.guards}]
            yielded = [waiting for waiting in yielded if not any(_is_caught(waiting, event) for event in safe)]
            if not yielded:
                continue
            if not all(is_after(event, yielded[0]) and removal.how != "callback" for removal, event in inside):
                continue
            if any(removal.key is None and removal.how in _TAKING for removal, _ in inside) and not (
                manager and self._is_rooted(entry.store)
            ):
                continue  # a stack that a walk fills and empties goes with the walk
            if manager and self.ways_out.goes_on_after(function, yielded[0]):
                continue
            line = inside[0][1].place[0]
            if safe:
                behind = f"removed behind a try that begins after the yield in line {yielded[0].place[0]}"
                return f"{behind}: what ends there keeps it"
            if manager:
                return f"removed after the yield only (line {line}): an error in the with block keeps it"
            return f"removed after the yield only (line {line}): a generator that is closed there keeps it"
        return ""

    def _is_manager(self, function: Function) -> bool | None:
        """Tell whether a generator is a context manager; None where a decorator that is not known drives it."""
        if not function.decorators:
            return False
        names = {value for decorator in function.decorators for value in self.heap.evaluate(decorator.term)}
        return True if names and names <= {("ext", name) for name in _MANAGERS} else None

    def _is_rooted(self, store: Effect) -> bool:
        return store.container in self.removals.lifetime.long

    # errors

    def _abandoned(self, entry: HeldEntry) -> str:
        """Return the error with which a function leaves behind an entry that only its answer takes out.

        The function makes the entry's key, or is given it by what makes it, and gives it to none of its callers, so that
        these cannot take the entry out.
        """
        store, removals = entry.store, entry.outside
        if self._is_any_open(entry.fitting) or self._goes_with_others(entry):
            return ""
        by, maker = self.heap.functions[entry.fitting[0].function].name, self.sites.frames(store)[-1].function
        for function, putting, makers in self.tickets.holders(store):
            if makers and self.sites.takes_out(maker, removals):
                continue
            behind = [event for event in function.events if is_after(event, putting)]
            exits = (
                []
                if makers
                else [event for event in behind if event.kind == "raise" and not is_opposed(event, putting)]
            )
            waits = [event for event in behind if self.ways_out.gives_up(event, store) and self._is_for(event, makers)]
            if not (exits or waits) or self.sites.hands_on(function, removals):
                continue
            if own := [
                event for _, event in self.sites.all_in(function, removals) if not waits or is_after(event, waits[0])
            ]:
                stay = Stay(store, function, putting, sorted(own, key=lambda event: event.place), entry.fitting)
                if why := self._passes_by(stay) if not makers else "":
                    return why
                continue
            if any(self._takes_beside(call, removals) for call in self.effects.calls.get(function.key, ())):
                continue
            if waits:
                return f"nothing removes it when the wait times out (line {waits[0].place[0]}): only {by}() does"
            return f"nothing removes it when {function.name} raises (line {exits[0].place[0]}): only {by}() does"
        wait = self._waited_for(entry) or self._waited_for_beside(store, removals)
        return f"nothing removes it when the wait times out (line {wait.place[0]}): only {by}() does" if wait else ""

    def _is_open(self, removals: list[Effect]) -> bool:
        """Tell whether one of some removals takes out more than what goes by a key, or is made for each entry."""
        return any(
            removal.key is None or self.sites.is_sweep(removal) or removal.how == "callback" for removal in removals
        )

    def _passes_by(self, stay: Stay) -> str:
        """Return the way on which a function comes to none of its own removals, and no caller of it to any."""
        if any(self._takes_beside(call, stay.removals) for call in self.effects.calls.get(stay.function.key, ())):
            return ""
        return self.ways_out.between(stay, alone=True) if is_pair(stay.putting, stay.taking) else ""

    def _goes_with_others(self, entry: HeldEntry) -> bool:
        """Tell whether an entry lies under a key beside others, and whoever goes to that key looks after all of these.

        What takes out one of them by its value has been told which.
        """
        store = entry.store
        slot = slot_of(store) if store.key is None else None
        if slot is None or any(
            removal.container == store.container and removal.how in _BY_VALUE for removal in entry.fitting
        ):
            return False
        return self.removals.keys.of(slot, store.chain) not in {Domain.FRESH, Domain.OBJECT}

    def _waited_for(self, entry: HeldEntry) -> Event | None:
        """Return the limited wait for an entry whose key a caller has made, behind the store or in that caller."""
        store, removals = entry.store, entry.outside
        frame = self.sites.frames(store)[-1]
        gives_up = self.ways_out.gives_up
        own = [event for event in frame.function.events if is_after(event, frame.event) and gives_up(event, store)]
        for caller, call in () if self.sites.takes_out(frame.function, removals) else self.tickets.handed_in(store):
            later = [event for event in caller.events if gives_up(event, store) and self._is_for(event, {call.term})]
            around = [caller, *(self.heap.functions[above.caller] for above in self.effects.calls.get(caller.key, ()))]
            if (own or later) and not any(self.sites.takes_out(function, removals) for function in around):
                return (own or later)[0]
        return None

    def _waited_for_beside(self, store: Effect, every: list[Effect]) -> Event | None:
        """Return the limited wait for an entry in a function that it is handed to by the one that makes it."""
        maker, value = self.sites.frames(store)[-1].function, store.value
        around = [maker, *(self.heap.functions[call.caller] for call in self.effects.calls.get(maker.key, ()))]
        if not self.tickets.is_made_in(store, maker) or any(self.sites.takes_out(one, every) for one in around):
            return None
        handing = [event for event in maker.events if event.kind == "call" and value in call_arguments(event.terms[0])]
        for event in handing:
            for callee in self.heap.evaluate(event.terms[0][1]):
                for call in self.effects.calls.get(callee[-1], ()) if callee[0] in {"func", "method"} else ():
                    own = {("param", call.callee, name) for name, term in call.bound.items() if term == value}
                    waiter = self.heap.functions[call.callee]
                    if call.event is not event or self.sites.takes_out(waiter, every):
                        continue
                    for wait in waiter.events:
                        if self.ways_out.gives_up(wait, store) and own & set(call_arguments(wait.terms[0])):
                            return wait
        return None

    @staticmethod
    def _is_for(event: Event, awaited: set[Term]) -> bool:
        """Tell whether an event waits for one of some things, or limits the time of a block; any will do if there are none."""
        return not awaited or event.kind == "enter" or not awaited.isdisjoint(walk(event.terms[0]))

    def _takes_beside(self, call: Call, removals: list[Effect]) -> bool:
        """Tell whether a caller removes from the holder by anything but the call itself."""
        caller = self.heap.functions[call.caller]
        events = [event for _, event in self.sites.all_in(caller, removals)]
        if all(event.place == call.event.place for event in events) and events:
            return False
        return self.sites.takes_out(caller, removals)

    # early returns

    def _skipped(self, entry: HeldEntry) -> str:
        """Return the test of an entry by which the last that is called for it, its done callback, leaves it in."""
        frame = self.sites.frames(entry.store)[-1]
        tests = []
        for removal in entry.fitting:
            handing = self.handing(removal.function, frame.function)
            last = [event for event in handing if self.is_last(event, entry.store)]
            function = self.heap.functions[removal.function]
            own = {("param", function.key, param.name) for param in function.params[1 if function.owner else 0 :]}
            guards = [
                guard for guard in removal.event.guards if guard.kind in {"if", "past"} and own & set(walk(guard.test))
            ]
            guards = [guard for guard in guards if removal.container not in self.heap.looked_into(guard.test)]
            guards = [guard for guard in guards if guard.kind == "if" or returns_early(guard, function)]
            guards = [guard for guard in guards if not self._goes_on(guard, function, frame.function)]
            if not last or not guards:
                return ""
            tests.append((function.name, removal.event.place[0]))
        name, line = tests[0]
        return f"{name}() returns for some before it removes them (line {line}), and is not called again"

    def _goes_when_done(self, entry: HeldEntry) -> bool:
        """Tell whether the last that is called for an entry, its done callback, takes it out: also if others end it."""
        store, home = entry.store, self.sites.frames(entry.store)[-1].function
        return any(
            self.is_last(event, store) for removal in entry.fitting for event in self.handing(removal.function, home)
        )

    def _goes_on(self, guard: Guard, function: Function, home: Function) -> bool:
        """Tell whether what runs where a test has the other outcome begins anew, so that the entry is done another time."""
        other = Guard("if", guard.test, not guard.holds)
        begun = [*self.sites.leading(function, home.key), *self.handing(function.key, function)]
        return any(other in event.guards for event in begun)

    def handing(self, key: str, home: Function) -> Iterator[Event]:
        """Yield the events of a function that come to another one: by itself, or by a function inside that it hands over."""
        for call in self.effects.calls.get(key, ()):
            if call.caller == home.key:
                yield call.event
            elif self.heap.functions[call.caller].parent == home.key and not call.event.guards:
                inner = self.effects.calls.get(call.caller, ())
                yield from (handing.event for handing in inner if handing.caller == home.key)

    def is_last(self, event: Event, store: Effect) -> bool:
        """Tell whether a call hands an entry, or a part of it, a function that is called once, when that is done."""
        value = store.value or NONE
        parts = {store.key, value, *(value[1] if value[0] in {"tuple", "list"} else ())}
        term = event.terms[0]
        if event.kind != "call" or term[1][0] != "attr" or term[1][1] not in parts:
            return False
        contracts = [
            self.heap.contracts.of_call(value[1])[0] for value in self.heap.evaluate(term[1]) if value[0] == "ext"
        ]
        return any(contract is not None and contract.passes == "receiver" for contract in contracts)


def _always(_: HeldEntry) -> bool:
    return True


def _is_held_at(event: Event, putting: Event) -> bool:
    """Tell whether a generator has put an entry in when it yields: before, or in what it yields."""
    return is_after(event, putting) or putting.terms[0] in walk(event.terms[0])


def _is_caught(event: Event, removal: Event) -> bool:
    """Tell whether an event stands in the ``try`` whose ``finally`` or ``except`` has a removal, or behind that."""
    depth = next(number for number, guard in enumerate(removal.guards) if guard.kind in _SAFE)
    around = event.guards[:depth] == removal.guards[:depth]
    return is_after(event, removal) or (around and any(guard.kind in {"try", *_SAFE} for guard in event.guards[depth:]))
