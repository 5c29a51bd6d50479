"""Hooks of the interpreter and of other packages that hold one function: a chain of them grows, one alone does not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from leaklint.flow.model import Event, Function, target_of
from leaklint.flow.terms import Term, walk
from leaklint.heap.arguments import argument_at, call_arguments
from leaklint.heap.certainty import Certainty
from leaklint.heap.early_exits import LEFT_BY_ERROR, is_always_undone
from leaklint.heap.external_calls import ExternalCall
from leaklint.heap.kinds import DISTINCT
from leaklint.heap.multiplicity import MANY
from leaklint.heap.outermost import CROSSED, is_outermost_alone, may_cross
from leaklint.heap.points_to_values import NOTHING, Values

if TYPE_CHECKING:
    from leaklint.contracts.model import Contract
    from leaklint.heap.registration import Registration
    from leaklint.heap.retention import Heap

SET_UP = "a function that sets a hook usually runs once"
_ASSIGNING = frozenset({"setattr", "setname", "setcell"})
ONE_SLOT = "one slot: the newest stays, the others go"


class Slots:
    """Finds what is put into hooks that hold one function."""

    def __init__(self, heap: Heap) -> None:
        self.heap = heap

    def all(self) -> Iterator[Registration]:
        """``self.old = sys.excepthook; sys.excepthook = self.report``: each keeps the one before; a plain slot is low."""
        from leaklint.heap.registration import Registration

        for key, function in self.heap.points_to.functions.items():
            if function.kind in {"module", "class"} or self.heap.multiplicity.runs(key) != MANY:
                continue
            for event in function.events:
                name = self.name_of(event)
                objects = self.heap.keeping.of(event.terms[1]) if name else []
                retained = next((candidate for candidate in objects if candidate.kind in DISTINCT), None)
                if retained is None:
                    continue
                chained = self._is_chained(function, event)
                crossed = chained and self._is_restored(event.name, key)
                if crossed and crossed != CROSSED:
                    continue
                stays = chained and not crossed and self._is_put_back(function, event)
                of_objects = bool(crossed or retained.cls or function.kind == "method")
                alone = () if of_objects else (SET_UP,)
                reasons = (CROSSED,) if crossed else (LEFT_BY_ERROR,) if stays else alone if chained else (ONE_SLOT,)
                level = Certainty(1 if chained and not stays and of_objects else 0).word
                yield Registration("hook", key, event, name, retained, event.terms[1], level, reasons)

    def name_of(self, event: Event) -> str:
        """Return the dotted name of the slot that an assignment to an attribute fills; nothing if it is none."""
        return self._names_slot(event.terms[0], event.name) if event.kind == "setattr" else ""

    def _names_slot(self, base: Term, name: str) -> str:
        for value in self.heap.points_to.in_order(base):
            if value[0] in {"ext", "module"}:
                entry = self.heap.points_to.contracts.object(f"{value[1]}.{name}")
                if entry is not None and entry.slot:
                    return entry.name
        return ""

    def _is_chained(self, function: Function, event: Event) -> bool:
        """Tell whether a function keeps what the slot held before."""
        slot = self.name_of(event)

        def is_slot(term: Term) -> bool:
            return term[0] == "attr" and term[2] == event.name and self._names_slot(term[1], event.name) == slot

        if any(part[0] == "call" and part[1][0] == "attr" and is_slot(part[1][1]) for part in walk(event.terms[1])):
            return False  # what the old one gives for the new one, such as its buffer, is not itself
        return self._is_kept(function, event, event.terms[1], lambda term: any(map(is_slot, walk(term))))

    @staticmethod
    def _is_put_back(function: Function, event: Event) -> bool:
        """Tell whether a function that fills a slot puts back what it held before, if no error comes in between."""
        slot = target_of(event)
        return any(
            other.kind == "setattr"
            and target_of(other) == slot == other.terms[1]
            and is_always_undone(function, event, other)
            for other in function.events
        )

    def _is_restored(self, name: str, key: str) -> str:
        """Return what puts something back into a slot that a function fills; nothing if nothing does.

        That is ``CROSSED`` where each does it only while the slot holds what it has put in itself.
        """
        feasibility, functions = self.heap.removals.feasibility, self.heap.points_to.functions
        restoring = {
            self._how(event, functions[closing], key)
            for closing, event in self.heap.points_to.attributes.assignments(name)
            if event.terms[1][0] in {"attr", "call"}
            and (closing != key or any(guard.kind == "finally" for guard in event.guards))
            and not feasibility.only_finalizing(closing)
            and not feasibility.never(event, functions[closing])
        }
        return next(iter(restoring - {CROSSED} or restoring), "")

    def _how(self, event: Event, closing: Function, opening: str) -> str:
        """Return ``CROSSED`` for what leaves a slot alone that another has filled since, and does not unlink itself."""
        slot = target_of(event)
        alone = is_outermost_alone(event, slot.__eq__)
        unlinks = any(
            other.kind == "setattr" and other.terms[1] == event.terms[1] and target_of(other) != slot
            for other in closing.events
        )
        return CROSSED if alone and not unlinks and may_cross(self.heap, opening, closing.key) else "restored"

    def chains(self, contract: Contract, setting: ExternalCall) -> bool:
        """Tell whether a function keeps what a call has put out of its slot, and nothing puts it back."""
        home, term = self.heap.points_to.functions[setting.function], setting.call

        def is_before(argument: Term) -> bool:
            known = (self._is_previous(contract, part, term) for part in walk(argument) if part[0] == "call")
            return next((before for before in known if before is not None), False)

        arguments = ("tuple", call_arguments(term), term[4])
        return self._is_kept(home, setting.event, arguments, is_before) and not self._is_set_again(contract, setting)

    def _is_previous(self, contract: Contract, part: Term, term: Term) -> bool | None:
        """Tell whether a call gives what was in the slot before ``term``; None for a call of something else."""
        if part == term:
            return "result" in contract.previous
        values = self.heap.points_to.evaluate(part[1])
        return True if any(value[0] == "ext" and value[1] in contract.previous for value in values) else None

    def is_left_by_error(self, contract: Contract, setting: ExternalCall) -> bool:
        """Tell whether a function sets a slot to what was in it before a call, if no error comes in between."""
        home, key = self.heap.points_to.functions[setting.function], contract.key
        for other in self._others(contract, setting):
            if other.function != setting.function:
                continue
            calls = (setting.call, other.call)
            asked = {argument_at(call, key.position, key.parameter) for call in calls if key is not None}
            before = any(
                argument[0] == "call" and self._is_previous(contract, argument, setting.call)
                for argument in other.call[2]
            )
            if before and len(asked) <= 1 and is_always_undone(home, setting.event, other.event):
                return True
        return False

    def _is_set_again(self, contract: Contract, setting: ExternalCall) -> bool:
        """Tell whether another call of the program sets the slot to what it finds in a field, or a ``finally`` does."""
        slot = self._slot(contract, setting.call)
        for other in self._others(contract, setting):
            if slot and (set_again := self._slot(contract, other.call)) and slot.isdisjoint(set_again):
                continue
            ends = any(guard.kind == "finally" for guard in other.event.guards)
            if (other.function != setting.function or ends) and any(
                argument[0] in {"attr", "cell", "fresh", "param", "call"} for argument in other.call[2]
            ):
                if not self.heap.removals.feasibility.outlived(
                    other.event, self.heap.points_to.functions[other.function]
                ):
                    return True
        return False

    def _others(self, contract: Contract, setting: ExternalCall) -> Iterator[ExternalCall]:
        """Yield the other calls that fill slots of a contract."""
        callable_of = self.heap.points_to.contracts.callable
        for other in self.heap.effects.external:
            if other.event is not setting.event and callable_of(other.name) is contract:
                yield other

    def _slot(self, contract: Contract, call: Term) -> Values:
        """Return which of several slots a call fills, as far as names of other packages say that; else nothing."""
        key = argument_at(call, contract.key.position, contract.key.parameter) if contract.key is not None else None
        values = self.heap.points_to.evaluate(key) if key is not None else NOTHING
        return values if all(value[0] == "ext" for value in values) else NOTHING

    def _is_kept(self, function: Function, event: Event, value: Term, holds: Callable[[Term], bool]) -> bool:
        """Tell whether a function, or a method of its object, puts what ``holds`` tells into a field, a name or the slot."""
        stores = [store for store in self._events(function) if store.kind in _ASSIGNING and store is not event]
        elsewhere = (store for store in stores if event.kind != "setattr" or target_of(store) != target_of(event))
        if any(holds(store.terms[-1]) for store in elsewhere):  # what puts the old one back into the slot keeps nothing
            return True
        inner = [part[1] for part in walk(value) if part[0] == "func"]
        cells = [cell for key in inner for cell in self.heap.keeping.captures(key) if cell[0] == "cell"]
        parts = [value, *(term for cell in cells for term in self.heap.points_to.cell(cell))]
        local = (part for part in walk(value) if part[0] == "fresh" and part[1] == function.key)
        parts += [term for part in local for term in self.heap.points_to.reaching(part)]
        return any(holds(part) for part in parts)

    def _events(self, function: Function) -> Iterator[Event]:
        """Yield the events of a function, and those of the methods of its class, bases included."""
        functions, classes = self.heap.points_to.functions, self.heap.points_to.classes
        owners = classes.order(function.owner) if function.owner else ()
        methods = {key for owner in owners for key in self.heap.points_to.names.classes[owner].methods.values()}
        for key in (function.key, *sorted(methods - {function.key})):
            yield from functions[key].events if key in functions else ()
