"""Removal as coverage: whether something takes out what a store puts in, while it is held, with a caller and a chance to run."""

from __future__ import annotations

from enum import IntEnum
from functools import cached_property
from typing import NamedTuple

from leaklint.flow.model import Event, Function, Guard
from leaklint.flow.terms import NONE, Term, as_text, children, rebuilt, root, walk
from leaklint.heap.effects import Effect, Effects
from leaklint.heap.kept import Keeping
from leaklint.heap.lifetime import Lifetime
from leaklint.heap.multiplicity import IMPORT, Multiplicity, falsy, truthy
from leaklint.heap.points_to import PointsTo

_AT_END = frozenset({"atexit.register", "signal.signal", "os.register_at_fork", "weakref.finalize", "multiprocessing.util.Finalize"})
_SELECTIVE = frozenset({"pop", "remove", "discard", "del", "__delitem__", "slot", "-=", "difference_update", "rebuild", "filter", "trim", "intersection_update", "delete"})
_TAKING = frozenset({"popitem", "popleft", "get", "get_nowait", "pop"})


class Quality(IntEnum):
    """How well a removal releases: not at all, doubtfully, or well."""

    NONE = 0
    DOUBTFUL = 1
    GOOD = 2


class Release(NamedTuple):
    """The best removal of a holder's entries, and why it is what it is."""

    quality: Quality
    why: str
    effect: Effect | None = None
    bounded: bool = False
    finalizer: bool = False


class Removals:
    """Judges removals."""

    def __init__(self, heap: PointsTo, effects: Effects, lifetime: Lifetime, keeping: Keeping, multiplicity: Multiplicity) -> None:
        self.heap = heap
        self.effects = effects
        self.lifetime = lifetime
        self.keeping = keeping
        self.multiplicity = multiplicity
        self._held: set[str] = set()  # the classes of what the stores that are judged keep

    def of(self, stores: list[Effect], removals: list[Effect], held: set[str]) -> Release:
        """Return the best of some removals for some stores; ``held`` are the classes of what the stores keep."""
        best = Release(Quality.NONE, "nothing removes it")
        self._held = {above for cls in held if cls in self.heap.names.classes for above in self.heap.classes.order(cls)}
        for removal in removals:
            here = self._judged(removal, stores, held)
            if here.quality > best.quality or (best.effect is None and here.quality == best.quality):
                best = here
            if best.quality == Quality.GOOD:
                break
        return best

    def outlived(self, event: Event, function: Function) -> bool:
        """Tell whether what undoes a registration never runs while that lasts."""
        return self.only_finalizing(function.key) or bool(self.never(event, function)) or self._at_end(function)

    def _judged(self, removal: Effect, stores: list[Effect], held: set[str]) -> Release:
        place = f"line {removal.event.place[0]}"
        function = self.heap.functions[removal.function]
        bound = self._bounds(removal, stores)
        if bound:
            return Release(Quality.GOOD, f"bounded at {place}", removal, bounded=True)
        if self._is_finalizer(removal, held):
            return Release(Quality.NONE, f"only a finalizer removes it ({place}), which never runs while it is held", removal, finalizer=True)
        if self._at_end(function):
            return Release(Quality.NONE, f"it is removed only when the process ends ({place})", removal)
        reason = self.never(removal.event, function)
        if reason:
            return Release(Quality.NONE, f"{reason} ({place})", removal)
        if not any(self._covers(removal, store) for store in stores):
            return Release(Quality.NONE, f"what is removed at {place} is never what was stored", removal)
        if self._moves(removal, stores):
            return Release(Quality.NONE, f"it is put back where it is removed ({place})", removal)
        return self._called(removal, function, place)

    # bounds

    def _bounds(self, removal: Effect, stores: list[Effect]) -> bool:
        """A removal on the store's own path, behind a test of the size or of the entries: eviction or sweep."""
        storing = {store.function for store in stores} | {call.caller for store in stores for call in store.chain}
        if removal.function not in storing and not any(call.caller in storing for call in self.effects.calls.get(removal.function, ())):
            return False
        events = [removal.event]
        events += [call.event for call in self.effects.calls.get(removal.function, ()) if call.caller in storing]
        guards = [guard for event in events for guard in event.guards]
        if any(self.tests_size(guard.test, removal) for guard in guards if guard.kind in {"if", "while", "past"}):
            return self._runs_with(removal, stores)
        if removal.how in {"trim"}:
            return True
        if removal.how in {"rebuild", "filter"} and removal.function in {store.function for store in stores}:
            return True
        swept = any(guard.kind in {"loop", "while"} and self._over(guard.test, removal.container) for guard in guards)
        return swept and removal.how not in {"clear"} and self._runs_with(removal, stores)

    def _runs_with(self, removal: Effect, stores: list[Effect]) -> bool:
        """Tell whether a removal stands in the function of a store, not behind a guard that forbids it."""
        del stores
        return not any(self._is_false(guard) for guard in removal.event.guards)

    def tests_size(self, test: Term, effect: Effect) -> bool:
        """Tell whether a test asks how many entries the container of an effect has."""
        container, raw = effect.container, _raw_base(effect.event)
        for term in walk(test):
            if term[0] == "op" and term[1] in {">", ">=", "<", "<=", "==", "!="}:
                for part in term[2]:
                    for one in walk(part):
                        if one[0] == "call" and one[1][-1] in {"len", "qsize", "__len__", "full"} and ((raw is not None and raw in one[2]) or self._is_of(one, container)):
                            return True
            if term[0] == "call" and term[1][0] == "attr" and term[1][2] in {"full"} and container in self.heap.evaluate(term[1][1]):
                return True
        return False

    def _is_of(self, call: Term, container: Term) -> bool:
        given = call[2][0] if call[2] else call[1][1] if call[1][0] == "attr" else NONE
        values = self.heap.evaluate(given)
        if container in values or any(
            value[0] in {"inst", "self"} and value[1] in self.heap.names.classes and self.effects.container_of(value) is not None
            and container[2][:1] == ("class",) and self.heap.classes.related(value[1], container[2][1]) for value in values
        ):
            return True
        where = self.lifetime.long.get(container)
        return where is not None and any(value in self.lifetime.long and self.lifetime.long[value].key == where.key for value in values)

    def _over(self, term: Term, container: Term) -> bool:
        """Tell whether a loop runs over a container or a copy of it."""
        for one in walk(term):
            for value in self.heap.evaluate(one):
                if value == container or (value[0] == "container" and isinstance(value[2], tuple) and self._is_view(value, container)):
                    return True
        return False

    def _is_view(self, value: Term, container: Term) -> bool:
        site = value[2]
        if site and site[0] in {"view", "copy"}:
            return container[2] in site
        return value in self.heap.contents and self.heap.contents.get(value) is self.heap.contents.get(container)

    # what never helps

    def _is_finalizer(self, removal: Effect, held: set[str]) -> bool:
        """Only ``__del__`` of what is held leads to the removal."""
        return self._only_from(removal.function, lambda function: function.name == "__del__" and (not held or any(
            self.heap.classes.related(function.owner, cls) for cls in held if cls and function.owner
        )), set())

    def only_finalizing(self, key: str) -> bool:
        """Tell whether a function runs only in ``__del__``."""
        return self._only_from(key, lambda function: function.name == "__del__", set())

    def _only_from(self, key: str, entry: object, seen: set[str]) -> bool:
        function = self.heap.functions[key]
        assert callable(entry)
        if entry(function):
            return True
        if key in seen:
            return True
        seen.add(key)
        calls = [call for call in self.effects.calls.get(key, []) if call.caller != key]
        private = function.name.startswith("_") and not function.name.startswith("__")
        if not calls or (not private and function.kind == "method"):
            return False
        return all(self._only_from(call.caller, entry, seen) for call in calls)

    @cached_property
    def _ends(self) -> frozenset[str]:
        """Functions that are registered to run when the process ends."""
        found = set()
        for key, event, term, name in self.effects.external:
            del key, event
            if name in _AT_END and name not in {"weakref.finalize", "multiprocessing.util.Finalize"}:
                for given in (*term[2], *(value for _, value in term[3])):
                    for value in self.heap.evaluate(given):
                        if value[0] in {"func", "method"}:
                            found.add(value[-1])
        return frozenset(found)

    def _at_end(self, function: Function) -> bool:
        return bool(self._ends) and self._only_at_end(function.key, set())

    def _only_at_end(self, key: str, seen: set[str]) -> bool:
        if key in seen:
            return True
        seen.add(key)
        calls = [call for call in self.effects.calls.get(key, []) if call.caller != key]
        function = self.heap.functions[key]
        if function.kind == "method" and not function_is_private(function) and not function.name.startswith("__"):
            return False
        if key in self._ends:
            return all(self._only_at_end(call.caller, seen) for call in calls)
        if not function_is_private(self.heap.functions[key]):
            return False
        return bool(calls) and all(self._only_at_end(call.caller, seen) for call in calls)

    def never(self, event: Event, function: Function, seen: frozenset[str] = frozenset()) -> str:
        """Return why an event has no chance to run in the life of an entry; nothing if it has."""
        reason = self._never_here(event, function)
        calls = [call for call in self.effects.calls.get(function.key, ()) if call.caller not in seen]
        if reason or not calls or len(seen) > 5:
            return reason
        reasons = [self.never(call.event, self.heap.functions[call.caller], seen | {function.key}) for call in calls]
        return reasons[0] if all(reasons) else ""

    def _never_here(self, event: Event, function: Function) -> str:
        if function.name == "__del__" and not event:
            return ""
        for guard in event.guards:
            if guard.kind == "except":
                return "it is removed only after an error"
            if self._is_false(guard):
                return f"it is removed only where {as_text(guard.test)} holds, which nothing sets"
            if function.name in {"__exit__", "__aexit__"} and guard.kind in {"if", "past"} and self._asks_error(guard, function):
                return "it is removed only after an error"
            if self._never_set(guard, function):
                return "it is removed only from objects that have what others are made without"
        return ""

    @staticmethod
    def _asks_error(guard: Guard, function: Function) -> bool:
        given = {("param", function.key, param.name) for param in function.params[1:]}
        test = guard.test
        if test[0] == "param":
            return test in given and guard.holds
        unset = falsy(test, not guard.holds)
        return any(term in given for term in unset)

    def _is_false(self, guard: Guard) -> bool:
        """Tell whether a test has a fixed outcome that forbids the block."""
        if guard.kind not in {"if", "past"}:
            return False
        test, holds = guard.test, guard.holds
        while test[0] == "op" and test[1] == "not":
            test, holds = test[2][0], not holds
        if test[0] == "op" and test[1] == "and" and holds:
            return any(self._is_false(Guard("if", part, True)) for part in test[2])
        known = self._constant(test)
        return known is not None and known != holds

    def _constant(self, term: Term) -> bool | None:
        """Return the truth value of a variable that is only ever assigned constants of one truth value."""
        if term[0] == "const":
            return term[1] not in {"None", "False", "0", "''"}
        values: list[Term] = []
        if term[0] == "name":
            found = self.heap.names.name(term[1], term[2])
            if found[0] == "global":
                values = [value for value, _, _ in self.heap.names.modules[found[1]].names[found[2]]]
        elif term[0] == "attr":
            owners = [value for value in self.heap.evaluate(term[1]) if value[0] in {"self", "inst"} and value[1] in self.heap.names.classes]
            for owner in owners:
                values += [event.terms[1] for _, event in self.heap.field_terms(owner[1], term[2])]
                attribute = self.heap.classes.attribute(owner[1], term[2])
                values += [attribute[1]] if attribute is not None else []
        if not values or any(value[0] != "const" for value in values):
            return None
        truths = {value[1] not in {"None", "False", "0", "''"} for value in values}
        return truths.pop() if len(truths) == 1 else None

    def _never_set(self, guard: Guard, function: Function) -> bool:
        """``if self.parent is not None`` where some objects are made with None for it and keep that."""
        if guard.kind not in {"if", "past"} or not function.owner:
            return False
        for term in truthy(guard.test, guard.holds):
            if term[0] != "attr" or term[1] != ("param", function.key, function.params[0].name if function.params else ""):
                continue
            init = self.heap.classes.method(function.owner, "__init__")
            fields = self.heap.field_terms(function.owner, term[2])
            if init is None or any(key != init for key, _ in fields):
                continue
            given = {event.terms[1][2] for _, event in fields if event.terms[1][0] == "param" and event.terms[1][1] == init}
            for call in self.effects.calls.get(init, ()):
                if any(call.bound.get(name) == NONE for name in given) and self.multiplicity.call_runs(call) != IMPORT:
                    return True
        return False

    # coverage

    def _covers(self, removal: Effect, store: Effect) -> bool:
        """Tell whether a removal can take out what a store puts in: the same kind of key, an equal element."""
        if removal.how in {"clear", "popitem", "popleft", "rebuild", "filter", "trim", "get", "get_nowait", "close", "pop_all"} or removal.key is None:
            return True
        if removal.how == "pop" and store.key is None:
            return True
        if removal.how in {"remove", "discard"} or store.key is None:
            return store.value is None or self._equal(removal.key, store.value if store.key is None or removal.how in {"remove"} else store.key)
        return self._same_key(removal.key, store)

    def _equal(self, one: Term, other: Term) -> bool:
        """Tell whether two values may compare equal: a function that is made anew equals nothing."""
        left, right = self.heap.evaluate(one), self.heap.evaluate(other)
        fresh = [value for value in left if value[0] == "func" and self.heap.functions[value[1]].parent]
        if left and right and not left & right and (len(fresh) == len(left) or all(v[0] == "func" and self.heap.functions[v[1]].parent for v in right)):
            known = {"func", "method", "self", "inst", "plain", "container", "class", "param"}
            return not all(value[0] in known for value in left | right)
        if fresh and len(fresh) == len(left) and one[0] == "func":
            return one == other
        if one[0] == "tuple" and other[0] == "tuple" and len(one[1]) == len(other[1]):
            return all(self._equal(a, b) for a, b in zip(one[1], other[1], strict=True))
        return True

    def _same_key(self, key: Term, store: Effect) -> bool:
        if store.key is None:
            return True
        if key[0] == "const" and store.key[0] != "const":
            return any(value[0] != "plain" for value in self.heap.evaluate(store.key)) is False and not self._has_subject(store.key)
        one, other = self._shape(key), self._shape(store.key)
        if one == other or one == ("$",) or other == ("$",):
            return not ({one, other} == {("$",), self._id_shape} and False)
        if "$" in repr(one) and "$" in repr(other):
            if one[0] == "call" and other[0] == "call" or one[0] == other[0] == "text":
                return True
            if one[0] == "attr" and other[0] == "attr" and one[1] == other[1] == ("$",):
                return self._field_equal(key, store.key)
            fields = self._field_values(key), self._field_values(store.key)
            if any(self._shape(value) == other for value in fields[0]) or any(self._shape(value) == one for value in fields[1]):
                return True
            return any(value[0] in {"param", "call", "fresh", "unknown", "text", "union", "elem"} and "$" not in repr(self._shape(value)) and {one[0], other[0]} != {"attr", "call"} for value in fields[0])
        return True

    _id_shape = ("id",)

    def _field_values(self, term: Term) -> list[Term]:
        if term[0] != "attr":
            return []
        owners = [value[1] for value in self.heap.evaluate(term[1]) if value[0] in {"self", "inst"} and value[1] in self.heap.names.classes]
        return [event.terms[1] for owner in owners for _, event in self.heap.field_terms(owner, term[2])]

    def _field_equal(self, one: Term, other: Term) -> bool:
        left, right = self._field_values(one), self._field_values(other)
        return not left or not right or bool(set(left) & set(right))

    def _has_subject(self, term: Term) -> bool:
        return any(one[0] in {"param", "call"} for one in walk(term))

    def _shape(self, term: Term) -> Term:
        """Return a term with the object that it is about left open."""

        def change(one: Term) -> Term | None:
            if one[0] in {"param", "iter", "fresh", "cell", "exception"} or (one[0] == "call" and self._makes(one)):
                return ("$",)
            if one[0] == "call":
                return ("call", one[1][-1] if one[1][0] in {"name", "attr"} else "", tuple(self._shape(part) for part in (*one[2], *([one[1][1]] if one[1][0] == "attr" else []))))
            return None

        return rebuilt(term, change)

    def _makes(self, term: Term) -> bool:
        values = self.heap.evaluate(term)
        return bool(values) and all(value[0] in {"inst", "self"} for value in values)

    def _moves(self, removal: Effect, stores: list[Effect]) -> bool:
        """The same function puts the entry back, directly or through what it calls, on the path of the removal."""
        for store in stores:
            same = store.function == removal.function and not store.chain
            if same and store.how != "slot" and self._follows(removal.event, store.event) and self._same_subject(removal, store):
                return True
            for call in self.effects.calls.get(store.function, ()):
                if call.caller == removal.function and self._follows(removal.event, call.event) and self.heap.functions[store.function].name != "__init__":
                    subject = root(removal.key) if removal.key is not None else None
                    if subject is not None and subject in call.bound.values():
                        return True
        return False

    @staticmethod
    def _follows(first: Event, second: Event) -> bool:
        """Tell whether the second event happens whenever the first does, after it or in the same expression."""
        if first.place == second.place:
            return True
        inside = second.place[:2] <= first.place[:2] and first.place[2:] <= second.place[2:]
        after = second.place[:2] >= first.place[2:]
        return (after or inside) and first.guards[: len(second.guards)] == second.guards

    def _same_subject(self, removal: Effect, store: Effect) -> bool:
        if removal.key is None or removal.how in _TAKING:
            return store.value is not None and any(part == ("call",) or part[0] == "call" for part in walk(store.value)) and self._takes_from(store.value, removal)
        subjects = {term for term in walk(removal.key) if term[0] in {"param", "fresh", "iter", "cell"}}
        stored = {term for part in (store.value, store.key) if part is not None for term in walk(part)}
        return removal.key in stored or bool(subjects & stored)

    def _takes_from(self, value: Term, removal: Effect) -> bool:
        return any(term[0] == "call" and term[1][0] == "attr" and term[1][2] == removal.how and removal.container in self.heap.evaluate(term[1][1]) for term in walk(value))

    # callers

    def _called(self, removal: Effect, function: Function, place: str) -> Release:
        if removal.how == "callback":
            return Release(Quality.GOOD, f"removed at {place}", removal)
        selective = removal.how in _SELECTIVE and (removal.key is not None or removal.how in {"rebuild", "filter", "trim"})
        if function.name in {"__exit__", "__aexit__"} and removal.how in {"pop", "popitem", "popleft"}:
            return Release(Quality.GOOD, f"removed at {place}", removal)
        if removal.how == "clear" and self._closes(function):
            return Release(Quality.GOOD, f"removed at {place}", removal)
        if removal.how == "pop" and removal.key is None or removal.how in {"popitem", "popleft", "get", "get_nowait"}:
            selective = self._hands_out(removal, function)
        if self._has_life(function, set()):
            return Release(Quality.GOOD, f"removed at {place}", removal)
        if selective:
            if self._is_internal(function) and not self._reachable(function):
                return Release(Quality.NONE, f"nothing calls the removal ({place})", removal)
            return Release(Quality.GOOD, f"removed at {place}", removal)
        if self._hands_out(removal, function):
            return Release(Quality.GOOD, f"removed at {place}", removal)
        return Release(Quality.NONE, f"all of it is cleared only by {function.name}(), which nothing in the program calls ({place})", removal)

    def _reachable(self, function: Function) -> bool:
        return bool(self.effects.calls.get(function.key)) or function.key in self.multiplicity._escaping or bool(function.parent)

    def _has_life(self, function: Function, seen: set[str]) -> bool:
        """Tell whether something in the program calls a clearing function in the course of its work."""
        if function.key in self.multiplicity._escaping and not self._at_end(function):
            return True
        for call in self.effects.calls.get(function.key, ()):
            caller = self.heap.functions[call.caller]
            if caller.key in seen or caller.key == function.key:
                continue
            seen.add(caller.key)
            if caller.kind in {"module"}:
                continue
            if any(self._is_false(guard) or guard.kind == "except" for guard in call.event.guards):
                continue
            if self._at_end(caller) or caller.name == "__del__":
                continue
            if len(caller.events) > 2 or self._has_life(caller, seen) or caller.name in {"__exit__", "__aexit__", "close"}:
                return True
        return False

    def _closes(self, function: Function) -> bool:
        """Tell whether a function is a method of the objects themselves, which their users call when they are done."""
        return function.kind == "method" and not function.name.startswith("_") and function.owner in self._held

    def _is_internal(self, function: Function) -> bool:
        """Tell whether users do not call a function by itself: a special method, or one with a leading underscore."""
        return function.name.startswith("_") and function.name not in {"__exit__", "__aexit__", "__call__"}

    def _hands_out(self, removal: Effect, function: Function) -> bool:
        """Tell whether a function that empties a container gives its contents to whoever calls it."""
        for event in function.events:
            if event.kind in {"return", "yield"} and event.terms[0] != NONE:
                for term in walk(event.terms[0]):
                    anew = removal.event.kind in {"setname", "setattr"} and term[0] in {"name", "attr"}
                    if (anew or term[0] in {"call", "elem", "iter", "slice", "fresh", "comp"}) and self._derives(term, removal):
                        return True
        return False

    def _derives(self, term: Term, removal: Effect) -> bool:
        for part in (term, *children(term)):
            values = self.heap.evaluate(part)
            if removal.container in values or any(v[0] == "container" and self._is_view(v, removal.container) for v in values):
                return True
        return removal.event.kind == "call" and any(one == removal.event.terms[0] for one in walk(term))


def function_is_private(function: Function) -> bool:
    """Tell whether a function's name says that it is not for users."""
    return function.name.startswith("_") and not function.name.startswith("__")


def _raw_base(event: Event) -> Term | None:
    """Return the term of the container as an effect's own function writes it."""
    if event.kind == "call":
        callee = event.terms[0][1]
        return callee[1] if callee[0] == "attr" else None  # type: ignore[no-any-return]
    return event.terms[0] if event.terms else None
