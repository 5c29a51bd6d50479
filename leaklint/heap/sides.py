"""Two containers over the same objects: a removal from one of them that leaves the other's entries where they are."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from leaklint.flow.terms import Term, root
from leaklint.heap.effects import Call, Effect, distinct_effects
from leaklint.heap.ended import Ended
from leaklint.heap.grouping import lists_by_key
from leaklint.heap.held_entries import HeldEntry
from leaklint.heap.in_step import InStep
from leaklint.heap.list_memo import ListMemo
from leaklint.heap.marks import Marks
from leaklint.heap.removal_sites import RemovalSites
from leaklint.heap.shared_keys import SharedKeys

if TYPE_CHECKING:
    from leaklint.heap.removal import Removals

Key = tuple[str, str, str]
_CALLERS = 3  # how many callers up an object is followed
_SIZED = frozenset({"dict", "defaultdict", "set", "list", "deque"})


class Sides:
    """Compares the removals from containers into which a function puts the same object."""

    def __init__(self, removals: Removals, sites: RemovalSites) -> None:
        """Take what is asked for everything else, and where removals stand."""
        self.sites = sites
        self.removals = removals
        self.heap = removals.heap
        self.effects = removals.effects
        self.marks = Marks(self)
        self.in_step = InStep(self)
        self.ended = Ended(self)
        self.shared_keys = SharedKeys(self)
        self._all_queues = ListMemo(self._queues)
        self._known_endings: dict[int, list[tuple[Effect, bool, bool]]] = {}
        self._known_beside: dict[tuple[str, Term | None], list[tuple[Key, Effect]]] = {}

    def left_behind(self, entry: HeldEntry) -> str:
        """Return the removal from another container that leaves an entry here."""
        for beside in self._beside(entry.store):
            for removal, evicts, closes in self._endings_in(beside):
                why = evicts and self._evicted(entry, beside, removal)
                if why := why or (closes and self._closed(removal, entry.fitting)):
                    return why
        return ""

    def _endings_in(self, store: Effect) -> list[tuple[Effect, bool, bool]]:
        """Return the removals of what a store puts in that evict or close it, with which of the two they do."""
        known = self._known_endings.get(id(store))
        if known is None:
            taken = self.removals_for(store)
            judged = [
                (removal, self.removals.bounds_entry(removal, store), self.removals.endings.closes_taken(removal))
                for removal in taken
            ]
            known = self._known_endings[id(store)] = [removal for removal in judged if removal[1] or removal[2]]
        return known

    def unindexed(self, store: Effect) -> str:
        """Return the removal from a mapping of the same object that leaves an entry of this one, which has no removals."""
        if not _is_by_attribute(store):
            return ""
        for beside in self._beside(store):
            if not _is_by_attribute(beside) or self.owner(beside) != self.owner(store):
                continue
            for removal in self.removals_for(beside):
                if (
                    removal.key is not None
                    and removal.how in {"pop", "del"}
                    and not self.removals.bounds_entry(removal, beside)
                ):
                    return self.sentence_about(removal, "leaves it here")
        return ""

    def outrun(self, entry: HeldEntry) -> str:
        """Return the queue from which an entry has been taken already when a store marks it.

        Marks of what is cancelled go when their turn in the queue comes. The functions that wait in the queue run after
        that, so that the mark of one that comes to the store itself stays.
        """
        for queue in self._all_queues(entry.fitting):
            for put in self.stores_beside(queue):
                for call in self.effects.calls.get(self.sites.frames(put)[-1].function.key, ()):
                    for name in self._coming_to(entry.store, call):
                        return f"{self.sentence_about(queue, f'then runs {name}(), which puts it in')}"
        return ""

    def _queues(self, removals: list[Effect]) -> list[Effect]:
        """Return the removals from other containers that give what some removals take out; none if these are fewer."""
        queues = [queue for removal in removals for queue in self.taken_from(removal)]
        giving, taking = ({id(removal.event) for removal in each} for each in (queues, removals))
        return queues if len(giving) >= len(taking) else []

    def stores_beside(self, removal: Effect) -> list[Effect]:
        """Return the stores into the holder from which a removal takes something."""
        return self.stores_into(self.key(removal))

    def stores_into(self, key: Key | None) -> list[Effect]:
        """Return the stores into a holder."""
        return self._all_stores.get(key, [])

    def taken_from(self, removal: Effect) -> list[Effect]:
        """Return the removals from other containers that give what a removal takes out, or something that it is a part of."""
        home = self.key(removal)
        key = removal.key
        taken = self._taken.get(key[1] if key[0] == "elem" else key, ()) if key is not None else ()
        return [taking for taking in taken if self.key(taking) != home]

    @cached_property
    def _taken(self) -> dict[Term, list[Effect]]:
        """Return the removals by the term that names what they give."""
        calls = (removal for removals in self.removed.values() for removal in removals if removal.event.kind == "call")
        return lists_by_key((removal.event.terms[0], removal) for removal in calls)

    def _coming_to(self, store: Effect, call: Call) -> Iterator[str]:
        """Yield the names of functions that a call hands over and that come to a store."""
        for argument in call.bound.values():
            for value in self.heap.evaluate(argument) if argument[0] in {"attr", "func", "name"} else ():
                if value[0] in {"func", "method"}:
                    function = self.heap.functions[value[-1]]
                    if function.key == store.function or self.sites.leading(function, store.function):
                        yield function.name

    @cached_property
    def _all_stores(self) -> dict[Key | None, list[Effect]]:
        """Return the stores by holder."""
        return lists_by_key((self.key(effect), effect) for effect in self.effects.effects if effect.kind == "store")

    def of_threads(self, store: Effect) -> str:
        """Return the attribute of a thread-local that holds an entry as well: the end of a thread lets go of that alone."""
        if store.value is None:
            return ""
        values_stored = {value for value in self.heap.evaluate(store.value) if value[0] in {"inst", "extinst"}}
        for name, owner, values in self._thread_locals:
            if owner == self.owner(store) and not values_stored.isdisjoint(values):
                return f"the end of a thread takes it out of {name} and leaves it here"
        return ""

    @cached_property
    def _thread_locals(self) -> list[tuple[str, str, frozenset[Term]]]:
        """Return what the program puts on thread-locals: the local's name, the class that has it, the values."""
        return [
            (event.terms[0][2], self._class_of_self(event.terms[0][1]), self.heap.evaluate(event.terms[1]))
            for function in self.heap.functions.values() if function.owner
            for event in function.events if event.kind == "setattr" and event.terms[0][0] == "attr"
            if any(value[:2] == ("container", "local") for value in self.heap.evaluate(event.terms[0]))
        ]  # fmt: skip

    def _class_of_self(self, term: Term) -> str:
        return next((value[1] for value in self.heap.evaluate(term) if value[0] == "self"), "")

    def _evicted(self, entry: HeldEntry, beside: Effect, removal: Effect) -> str:
        """An eviction from a container with a bound; whatever empties the other one looks after both."""
        homes = [self.heap.functions[removing.function] for removing in entry.fitting]
        others = self.removals_for(beside)
        if not all(any(True for _ in self.sites.all_in(home, others)) for home in homes):
            return ""
        if any(self.sites.takes_out(frame.function, entry.fitting) for frame in self.sites.frames(entry.store)):
            return ""
        return f"{self.sentence_about(removal, 'leaves it here')}: only {homes[0].name}() removes it"

    def _closed(self, removal: Effect, fitting: list[Effect]) -> str:
        """The end of an object: a function takes it out of the other container and closes it."""
        function = self.heap.functions[removal.function]
        if any(removing.key is None or self.sites.is_sweep(removing) for removing in fitting):
            return ""
        callers = [self.heap.functions[call.caller] for call in self.effects.calls.get(function.key, ())]
        if any(self.sites.takes_out(function_above, fitting) for function_above in (function, *callers)):
            return ""
        return self.sentence_about(removal, "closes it and leaves it here")

    def sentence_about(self, removal: Effect, what: str) -> str:
        """Return in words that a removal takes an entry out of its container, and what it does besides."""
        where = self.removals.lifetime.where(removal.container)
        name = self.heap.functions[removal.function].name
        holder = where.name if where is not None else "another container"
        return f"{name}() takes it out of {holder} (line {removal.event.place[0]}) and {what}"

    def _beside(self, store: Effect) -> Iterator[Effect]:
        """Yield the stores of the same object into other containers, by the functions from which this store gets it."""
        home = self.key(store)
        start = self.sites.frames(store)[-1].function.key, store.value
        known = self._known_beside.get(start)
        if known is None:
            others = [
                other
                for function, value in dict.fromkeys(self.handed(*start, 0))
                for other in self._stores.get(function, ())
                if other.value == value and other.container[1] in _SIZED
            ]
            keyed = ((self.key(other), other) for other in distinct_effects(others))
            known = self._known_beside[start] = [(key, other) for key, other in keyed if key is not None]
        yield from (other for key, other in known if key != home)

    def handed(self, function: str, value: Term | None, depth: int) -> Iterator[tuple[str, Term]]:
        """Yield a function with a term in it; for a parameter, the functions that hand it in as well."""
        if value is None:
            return
        yield function, value
        if value[0] == "param" and value[1] == function and depth < _CALLERS:
            for call in self.effects.calls.get(function, ()):
                yield from self.handed(call.caller, call.bound.get(value[2]), depth + 1)

    def key(self, effect: Effect) -> Key | None:
        """Return what tells the holder of an effect from others."""
        where = self.removals.lifetime.where(effect.container)
        return where.key if where is not None else None

    def owner(self, effect: Effect) -> str:
        """Return the class or module to which the holder of an effect belongs."""
        key = self.key(effect)
        return key[1] if key is not None else ""

    @cached_property
    def _stores(self) -> dict[str, list[Effect]]:
        """Return the stores by the function in which they begin."""
        return lists_by_key(
            (self.sites.frames(effect)[-1].function.key, effect)
            for effect in self.effects.effects
            if effect.kind == "store" and effect.value is not None and effect.value[0] != "const"
        )

    @cached_property
    def removed(self) -> dict[Key, list[Effect]]:
        """Return the removals by holder."""
        removals = distinct_effects([effect for effect in self.effects.effects if effect.kind == "remove"])
        return lists_by_key((key, removal) for removal in removals if (key := self.key(removal)) is not None)

    def removals_for(self, store: Effect) -> list[Effect]:
        """Return the removals that may take out what a store puts in."""
        key = self.key(store)
        return (
            [removal for removal in self.removed.get(key, ()) if self.removals.coverage.covers(removal, store)]
            if key
            else []
        )


def _is_by_attribute(store: Effect) -> bool:
    """Tell whether a store puts an object into a mapping under an attribute of its own."""
    mapping = store.container[1] in {"dict", "defaultdict"} and store.key is not None
    return mapping and store.key != store.value and _base(store.key) == store.value


def _base(term: Term | None) -> Term | None:
    return root(term) if term is not None else None
