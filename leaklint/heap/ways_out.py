"""Ways out of a function between what it puts in and what takes that out again: errors, time limits, early returns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from leaklint.contracts.containers import QUEUES
from leaklint.flow.model import Event, Function, Guard
from leaklint.flow.terms import NONE, UNKNOWN, Term, as_text, handed_out, options, root, walk
from leaklint.heap.early_exits import is_opposed
from leaklint.heap.effects import Effect
from leaklint.heap.held_entries import Stay
from leaklint.heap.removal_sites import RemovalSites, WayQuestion, is_after
from leaklint.heap.tickets import Tickets

if TYPE_CHECKING:
    from leaklint.heap.removal import Removals

_SAFE = frozenset({"finally", "except"})
_TESTS = frozenset({"if", "match"})
_LOOPS = frozenset({"loop", "while"})
_EXITS = frozenset({"return", "leave"})
_LEAVING = {"return": "returns", "raise": "raises", "leave": "goes on to the next"}
_ALL = frozenset({"Exception", "BaseException"})


class WaysOut(WayQuestion):
    """Finds the ways on which a function that puts an entry in, and takes it out, does only the first."""

    def __init__(self, removals: Removals, sites: RemovalSites, tickets: Tickets) -> None:
        """Take what is asked for everything else, where removals stand, and who has the key of an entry."""
        super().__init__(removals, sites)
        self.tickets = tickets

    def between(self, stay: Stay, alone: bool = False) -> str:
        """Return the way on which a function comes to none of the events that take an entry out, all behind the store.

        What takes out any entry takes out this one another time. Where the function ``alone`` has the key, no caller
        that survives an error of its own can take the entry out.
        """
        name, last = f"{stay.function.name}()", f"(line {stay.taking[-1].place[0]})"
        before = f"before it removes it {last}"
        if (leaving := self._handled(stay)) is not None:
            return f"{name} {_LEAVING[leaving.kind]} where an error is handled (line {leaving.place[0]}), {before}"
        if any(
            self.sites.is_sweep(removal) or (removal.key is None and removal.how != "pop") for removal in stay.removals
        ):
            return ""
        if (handler := self._passed_over(stay)) is not None:
            return f"{name} goes on where an error is handled (line {handler.place[0]}), {before}"
        if (block := self._suppressed(stay)) is not None:
            return f"{name} goes on behind a block that suppresses errors (line {block.place[0]}), {before}"
        if (wait := self._timed_out(stay)) is not None:
            return f"{name} is left where the wait times out (line {wait.place[0]}), {before}"
        if (leaving := self._early(stay, alone)) is not None:
            return f"{name} {_LEAVING[leaving.kind]} (line {leaving.place[0]}) {before}"
        if (test := self._tested(stay)) is not None:
            asked = as_text(test.test) if test.holds else f"not {as_text(test.test)}"
            return f"{name} removes it only where {asked} {last}"
        return ""

    # handlers

    def _handled(self, stay: Stay) -> Event | None:
        """Return where an error after a store is handled by leaving the function, which passes the removals by.

        An error that is told as another one, where a time is over or nobody here calls the function, is for callers that go on.
        """
        store, putting = stay.store, stay.putting
        parts = {store.key, store.value} - {None}
        for leaving in stay.function.events:
            depth = _depth(leaving, "except")
            passed = _passed(leaving, stay) if leaving.kind in _LEAVING else []
            if (
                depth is None
                or not passed
                or (leaving.kind == "leave" and not _same_round(leaving, [putting, *passed]))
            ):
                continue
            if any(guard.kind in _SAFE for guard in putting.guards) or not parts.isdisjoint(walk(leaving.terms[0])):
                continue
            tried = self._tried(stay, leaving, depth)
            if any(guard.kind in {"try", "with"} for guard in putting.guards) and not tried:
                continue
            limited = any(self.gives_up(event, store) for event in tried)
            lasting = store.container in self.removals.lifetime.long  # else its owner may go with the error
            is_other = lasting and leaving.terms[0] not in {NONE, ("exception", leaving.guards[depth].test)}
            is_for_callers = is_other and tried and not self.effects.calls.get(stay.function.key)
            if leaving.kind != "raise" or limited or is_for_callers:
                return leaving
        return None

    def _tried(self, stay: Stay, handled: Event, depth: int) -> list[Event]:
        """Return what is done in the block of a handler after a store."""
        before = handled.guards[:depth]
        return [
            event
            for event in stay.function.events
            if is_after(event, stay.putting) and is_after(handled, event) and event.kind in {"call", "enter", "yield"}
            and event.guards[:depth] == before and len(event.guards) > depth and event.guards[depth].kind == "try"
        ]  # fmt: skip

    def _passed_over(self, stay: Stay) -> Event | None:
        """Return the handler that goes on after an error in the block in which all of a store's removals stand."""
        plain = [event for event in stay.taking if _depth(event, "except") is None]
        for depth, guard in enumerate(plain[0].guards):
            before = plain[0].guards[:depth]
            around = all(event.guards[:depth] == before and _kind(event, depth) == "try" for event in plain)
            if (
                guard.kind != "try"
                or not around
                or any(outer.kind in _LOOPS and outer not in stay.putting.guards for outer in before)
            ):
                continue
            if not any(_kind(event, depth) == "try" for event in self._working(stay._replace(taking=plain))):
                continue
            for handler in self.handlers(stay.function, plain[-1], depth):
                removes = any(event.guards[: depth + 1] == handler.guards for event in stay.taking)
                if not removes and not self._is_of_removal(handler) and not _raises(stay.function, handler):
                    return handler
        return None

    def _suppressed(self, stay: Stay) -> Event | None:
        """Return what a block does that suppresses errors and has all the removals inside, behind it."""
        first = stay.taking[0]
        for depth, guard in enumerate(first.guards):
            inside = all(event.guards[: depth + 1] == first.guards[: depth + 1] for event in stay.taking)
            if guard.kind != "with" or guard in stay.putting.guards or not inside or not self._suppresses(guard.test):
                continue
            errors = guard.test[2] if guard.test[0] == "call" else ()
            if not all(self.heap.must_be(error, "not found") for error in errors):
                work = [event for event in self._working(stay) if guard in event.guards]
                return work[0] if work else None
        return None

    def _suppresses(self, context: Term) -> bool:
        return context[0] == "call" and self.heap.may_be(context[1], "suppresses")

    def _working(self, stay: Stay) -> Iterator[Event]:
        """Yield the calls between a store and its first removal."""
        arguments = {part for event in stay.taking for term in event.terms for part in walk(term)}
        for event in stay.function.events:
            if event.kind in {"call", "yield"} and is_after(event, stay.putting) and is_after(stay.taking[0], event):
                if event.terms[0] not in arguments:
                    yield event

    def handlers(self, function: Function, inside: Event, depth: int) -> list[Event]:
        """Return the handlers of the block, at some depth, in which an event stands."""
        before, handlers = inside.guards[:depth], list[Event]()
        events = sorted(function.events, key=lambda event: event.place)
        start = next((number for number, event in enumerate(events) if event.place == inside.place), 0)
        for event in events[start:]:
            kind = _kind(event, depth)
            if event.guards[:depth] != before or kind not in {"try", "except"} or (handlers and kind == "try"):
                break  # what follows the handlers is another block
            handlers += [event] if event.kind == "handle" and kind == "except" else []
        for event in reversed(events[:start]) if not handlers else ():  # what follows the handlers: an ``else``
            if event.guards[:depth] != before or _kind(event, depth) not in {"try", "except"}:
                break
            handlers += [event] if event.kind == "handle" and _kind(event, depth) == "except" else []
        return [event for event in handlers if len(event.guards) == depth + 1]

    def _is_of_removal(self, handler: Event) -> bool:
        """Tell whether a handler is for the error of a removal that finds nothing."""
        test = handler.guards[-1].test
        return all(self.heap.must_be(error, "not found") for error in _errors(test))

    def goes_on_after(self, function: Function, failing: Event) -> bool:
        """Tell whether any error that comes at an event is handled so that the function goes on behind that."""
        depth = _depth(failing, "try")
        handlers = self.handlers(function, failing, depth) if depth is not None else []
        return any(
            is_for_all(handler.guards[-1].test)
            and not any(event.kind in _LEAVING for event in handled_in(function, handler))
            for handler in handlers
        )

    # time limits

    def gives_up(self, event: Event, store: Effect) -> bool:
        """Tell whether a call waits for a limited time, be it that it raises then or that it is a method of the entry."""
        if event.kind not in {"call", "enter"}:
            return False
        term = event.terms[0]
        called = term[1] if term[0] == "call" else term
        base = root(called)
        if term[0] == "call" and called[0] == "attr" and base[0] == "call" and base in walk(store.value or NONE):
            named = any(name == "timeout" for name, _ in term[3])
            return named or bool(term[2] and self.heap.contracts.is_a(called[2], "waits"))
        return self.heap.may_be(called, "limited")

    def _raises_late(self, event: Event, store: Effect) -> bool:
        """Tell whether a call that waits for a limited time raises when that is over."""
        term = event.terms[0]
        called = term[1] if term[0] == "call" else term
        if self.heap.may_be(called, "limited"):
            return True
        base = called[1] if called[0] == "attr" else NONE
        kinds = {value[1] for value in self.heap.evaluate(base) if value[0] == "container"}
        return self.gives_up(event, store) and any(called[2] in QUEUES.get(kind, ()) for kind in kinds)

    def _is_left_at(self, event: Event, store: Effect, taking: list[Event]) -> bool:
        """Tell whether the end of a limited time takes a function past all of the events that take an entry out."""
        around = event.guards[: _shared(event, taking)]
        inner = event.guards[len(around) :]
        tried = any(guard.kind in {"try", "except", "finally"} for guard in inner)
        blocks = [guard.test for guard in inner if guard.kind == "with"]
        return self._raises_late(event, store) and not tried and all(self._lets_out(block) for block in blocks)

    def _lets_out(self, context: Term) -> bool:
        """Tell whether the end of a block with a context is seen to let errors out."""
        return self.heap.must_be(context[1] if context[0] == "call" else context, "limited")

    def _timed_out(self, stay: Stay) -> Event | None:
        """Return the wait between a store and its removals after which an error leaves the function."""
        for wait in stay.function.events:
            is_wait = (
                wait.kind in {"call", "enter"} and is_after(wait, stay.putting) and self.gives_up(wait, stay.store)
            )
            passed = _passed(wait, stay) if is_wait else []
            if passed and self._is_left_at(wait, stay.store, passed):
                return wait
        return None

    # early returns

    def _early(self, stay: Stay, alone: bool) -> Event | None:
        """Return where a function is left, or a round of its loop ends, because of a test that says nothing of the holder.

        The removals take out what the store has put in, and that is one more each time: a set or a mapping whose entry
        comes from outside may be asked for again until the test has the other outcome.
        """
        if not self._is_direct(stay):
            return None
        putting, parts = stay.putting, {stay.store.key, stay.store.value} - {None}
        kinds = frozenset(_LEAVING) if alone else _EXITS
        for leaving in stay.function.events:
            passed = _passed(leaving, stay) if leaving.kind in kinds else []
            if not passed or is_opposed(leaving, putting):
                continue
            tests = [guard for guard in leaving.guards if guard.kind in _TESTS and guard not in putting.guards]
            if not tests or any(
                guard.kind in {"try", *_SAFE} and guard not in putting.guards for guard in leaving.guards
            ):
                continue
            if any(self._asks_holder(guard.test, stay) for guard in leaving.guards):
                continue
            given = handed_out(leaving.terms[0])
            if not parts.isdisjoint(given) or not all(_is_past(removal, tests[-1]) for removal in passed):
                continue
            if leaving.kind != "leave" or _same_round(leaving, [putting, *passed]):
                return leaving
        return None

    def _tested(self, stay: Stay) -> Guard | None:
        """Return the test, which says nothing of the holder, behind which all removals stand, and the store does not."""
        guards, around = stay.taking[0].guards, stay.putting.guards
        if not self._is_direct(stay) or any(removal.guards != guards for removal in stay.taking):
            return None
        inner = [guard for guard in guards if guard not in around and guard.kind not in {"try", "with"}]
        if not inner or any(guard.kind not in {"if", "past"} for guard in inner) or inner[-1].kind != "if":
            return None
        if any(guard.test == inner[-1].test for guard in around):
            return None
        return None if any(self._asks_holder(guard.test, stay) for guard in inner) else inner[-1]

    def _is_direct(self, stay: Stay) -> bool:
        """Tell whether a function itself puts in one more entry, and takes out that one."""
        store, putting = stay.store, stay.putting
        if all(putting is not frame.event for frame in self.sites.frames(store)):
            return False
        tests = (guard.test for guard in putting.guards if guard.kind in {"if", "past"})
        if not self._is_own(store, stay.function) or any(self._asks_holder(test, stay) for test in tests):
            return False  # what is in already is not put in again
        parts = {store.key, store.value} - {None}
        removing = (event.terms[0] for event in stay.taking if event.kind == "call")
        return bool(parts) and all(not parts.isdisjoint(walk(call)) for call in removing)

    def _is_own(self, store: Effect, function: Function) -> bool:
        """Tell whether each run puts in one more: an entry of a sequence, or what the function, or its caller, makes for it."""
        is_sequence = store.container[1] in {"list", "deque"}
        return is_sequence or self.tickets.is_made_in(store, function) or self.tickets.is_brought(store)

    def _asks_holder(self, test: Term, stay: Stay) -> bool:
        """Tell whether a test looks into the holder, asks how much is in it, or what putting in has given back."""
        store, putting = stay.store, stay.putting
        if store.container in self.heap.looked_into(test) or self.removals.bounds.tests_size(test, store):
            return True
        inside = set(walk(test))
        if putting.kind == "call" and putting.terms[0] in inside:
            return True
        return any(store.container in self.heap.evaluate(term) for term in inside if term[0] in {"attr", "name"})


def is_pair(putting: Event, taking: list[Event]) -> bool:
    """Tell whether events take out behind another one what that puts in, none of them in a ``finally``."""
    anyway = any(guard.kind == "finally" for removal in taking for guard in removal.guards)
    plain = any(_depth(removal, "except") is None for removal in taking)
    return plain and not anyway and all(is_after(removal, putting) for removal in taking)


def handled_in(function: Function, handler: Event) -> Iterator[Event]:
    """Yield what a handler does, at any depth."""
    return (event for event in function.events if event.guards[: len(handler.guards)] == handler.guards)


def is_for_all(test: Term) -> bool:
    """Tell whether a handler is for all errors."""
    return test == UNKNOWN or any(error[-1] in _ALL for error in _errors(test))


def _errors(test: Term) -> Iterable[Term]:
    """Return the classes of errors that a handler names."""
    return test[1] if test[0] == "tuple" else options(test)


def _kind(event: Event, depth: int) -> str:
    return event.guards[depth].kind if len(event.guards) > depth else ""


def _depth(event: Event, kind: str) -> int | None:
    """Return at which depth an event stands in a block of a kind: of the outermost of them."""
    return next((depth for depth, guard in enumerate(event.guards) if guard.kind == kind), None)


def _passed(event: Event, stay: Stay) -> list[Event]:
    """Return the removals behind an event, where that comes behind a store and past no removal of its own.

    A removal in a branch that leaves the function, or a round of its loop, says nothing of what is behind the branch.
    """
    if not is_after(event, stay.putting):
        return []
    for removal in stay.taking:
        if is_after(event, removal):
            inside = event.guards[: len(removal.guards)] == removal.guards
            if inside or not any(
                leaving.kind in _LEAVING and leaving.guards == removal.guards and is_after(leaving, removal)
                for leaving in stay.function.events
            ):
                return []
    return [removal for removal in stay.taking if is_after(removal, event) and _depth(removal, "except") is None]


def _raises(function: Function, handler: Event) -> bool:
    """Tell whether a handler raises whatever happens in it."""
    return any(
        event.kind == "raise" and event.guards == handler.guards and is_after(event, handler)
        for event in function.events
    )


def _shared(event: Event, taking: list[Event]) -> int:
    """Return how many blocks around an event are around some others as well."""
    depth = 0
    for number, guard in enumerate(event.guards):
        if not all(len(other.guards) > number and other.guards[number] == guard for other in taking):
            break
        depth += 1
    return depth


def _is_past(later: Event, test: Guard) -> bool:
    """Tell whether an event comes only where a test has the other outcome."""
    return any(guard.test == test.test and guard.holds != test.holds for guard in later.guards)


def _same_round(event: Event, others: list[Event]) -> bool:
    """Tell whether the innermost loop around an event is around some others, too."""
    depth = max((number for number, guard in enumerate(event.guards) if guard.kind in _LOOPS), default=None)
    return depth is not None and all(other.guards[: depth + 1] == event.guards[: depth + 1] for other in others)
