"""Whether a removal takes out what a store puts in: the same key, an equal element, for good."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from leaklint.flow.model import Event
from leaklint.flow.terms import DISPLAYS, UNKNOWN, Term, alternatives, rebuilt, root, walk
from leaklint.flow.truth import falsy
from leaklint.heap.dead_sweeps import DeadSweeps
from leaklint.heap.domains import Domain
from leaklint.heap.effects import Effect
from leaklint.heap.empty_reads import finds_empty, stays_empty
from leaklint.heap.equality import Equality
from leaklint.heap.grouping import lists_by_key, sets_by_key
from leaklint.heap.identity import is_identity_anew, never_same
from leaklint.heap.weak_callbacks import WeakCallbacks
from leaklint.heap.wrapping import Wrapping

if TYPE_CHECKING:
    from leaklint.heap.removal import Removals
    from leaklint.heap.retained import Store

_BY_EQUALITY = frozenset({"pop", "remove", "discard", "del", "__delitem__", "slot"})
_BY_PLACE = frozenset({"pop", "del", "__delitem__"})  # of a list; of a mapping, by key
_MANY = frozenset({Domain.FRESH, Domain.OBJECT, Domain.TEXT, Domain.VALUE})
_TAKING = frozenset({"popitem", "popleft", "get", "get_nowait", "pop"})


class Coverage:
    """Compares removals with stores."""

    def __init__(self, removals: Removals) -> None:
        """Take what is asked for everything else."""
        self.removals = removals
        self.equality = Equality(removals.effects)
        self.wrapping = Wrapping(self)
        self.dead_sweeps = DeadSweeps(removals)
        self.weak_callbacks = WeakCallbacks(removals.effects)
        self._never_same: dict[tuple[Term, Term], bool] = {}

    def covers(self, removal: Effect, store: Effect) -> bool:
        """Tell whether a removal can take out what a store puts in: the same kind of key, an equal element."""
        if self._apart(removal.container, store.container) or self.is_inside(removal.container, store.container):
            return False
        if self.dead_sweeps.never_take(removal, store) or self.weak_callbacks.take_references_alone(removal, store):
            return False
        if self.wrapping.looks_for_others(removal, store):
            return False
        if (
            removal.how
            in {"clear", "popitem", "popleft", "rebuild", "filter", "trim", "get", "get_nowait", "close", "pop_all"}
            or removal.key is None
        ):
            return True
        if removal.how in _BY_PLACE and store.key is None:
            return True  # by its index
        if self.removals.runs_over(removal.key, removal.container) and not self._picks_given(removal):
            return True  # what is in it was put in: a sweep
        by_value = removal.how == "remove" or store.key is None
        stored = store.value if by_value else store.key
        if stored is not None and (self._differs(removal.key, store, stored) or self._is_identity_anew(removal)):
            return False
        if by_value or removal.how == "discard":
            return store.value is None or stored is None or self.may_be_equal(removal.key, stored)
        return self._same_key(removal.key, store)

    def never_taken(self, removal: Effect, stores: list[Store], bounded: bool) -> list[Store]:
        """Return the stores of which a removal never takes what they keep: of another sort, under other keys, further out."""
        if around := [store for store in stores if self.is_inside(removal.container, store.effect.container)]:
            return [store for store in around if store.side == "key" or store.retained.kind == "container"]
        if dead := self.dead_sweeps.left(removal, stores):
            return dead
        if bounded:
            return []
        if alone := [store for store in stores if self.wrapping.keeps_what_nobody_has(removal, store)]:
            return alone
        home = self.removals.heap.functions[removal.function]
        if empty := [store for store in stores if stays_empty(removal, home, store.effect)]:
            return empty
        removed = removal.key if removal.how in _BY_EQUALITY else None
        if (
            removed is None
            or not self.equality.is_known(removed)
            or self.removals.runs_over(removed, removal.container)
        ):
            return []
        return [store for store in stores if self._never_takes(removal.how, removed, store)]

    def _never_takes(self, how: str, removed: Term, store: Store) -> bool:
        if how != "remove" and store.effect.key is not None:
            fills_others = removed[0] == "const" and removed != store.effect.key and store.domain in _MANY
            return fills_others or self.equality.differ(removed, store.effect.key)
        if how in _BY_PLACE:
            return False
        return store.side == "element" and self.equality.differs_from(removed, store.retained)

    def _is_identity_anew(self, removal: Effect) -> bool:
        """Tell whether a removal looks for the identity of what is made for it, such as a bound method."""
        heap = self.removals.heap
        caller = removal.chain[-1].caller if removal.chain else removal.function
        return removal.key is not None and is_identity_anew(heap, removal.key, heap.functions[caller])

    def _differs(self, removed: Term, store: Effect, stored: Term) -> bool:
        """Tell whether what is to be taken out never equals what was put in."""
        pair = removed, stored
        if pair not in self._never_same:
            self._never_same[pair] = never_same(self.removals.heap, removed, stored)
        if self._never_same[pair]:
            return True
        return self.equality.differ(removed, stored) or self.equality.is_part(removed, store, stored)

    @staticmethod
    def _picks_given(removal: Effect) -> bool:
        """Tell whether a removal looks through the entries for those that its caller names."""
        tests = (term for guard in removal.event.guards if guard.kind in {"if", "past"} for term in walk(guard.test))
        picked = (term for term in tests if term[0] == "op" and term[1] in {"in", "not in", "==", "!=", "is", "is not"})
        return any(part[0] == "param" and part[1] == removal.function for term in picked for part in walk(term))

    def takes_empty(self, removal: Effect, stores: list[Effect]) -> bool:
        """Tell whether a removal waits until nothing is left in a container inside, into which stores put their entries."""
        where = self.removals.lifetime.where(removal.container)
        for guard in removal.event.guards if where is not None else ():
            for term in falsy(guard.test, guard.holds) if guard.kind in {"if", "past"} else ():
                for value in self.removals.heap.evaluate(term):
                    inner = self.removals.lifetime.where(value) if value[0] == "container" else None
                    if inner is None or where is None or inner.key != where.key or inner.depth <= where.depth:
                        continue
                    if any(store.container == value for store in stores):
                        return True
        return False

    def is_inside(self, inner: Term, outer: Term) -> bool:
        """Tell whether a container lies deeper in a holder than another: what leaves it leaves the other's entries alone."""
        left, right = (self.removals.lifetime.where(container) for container in (inner, outer))
        return left is not None and right is not None and left.key == right.key and left.depth > right.depth

    def _apart(self, container: Term, other: Term) -> bool:
        """Tell whether two containers lie under different constant keys of the containers around them."""
        if container == other:
            return False
        left, right = self.slots_of(container), self.slots_of(other)
        return bool(left and right) and left.isdisjoint(right)

    def slots_of(self, container: Term) -> frozenset[Term]:
        """Return the constant keys under which a container lies inside of others; none where any key is not known."""
        slots = self._slots.get(container, set())
        return frozenset() if UNKNOWN in slots else frozenset(slots)

    @cached_property
    def _slots(self) -> dict[Term, set[Term]]:
        """Return for containers inside of others the keys under which they lie; unknown for a key that is no constant."""
        heap = self.removals.heap
        return sets_by_key(
            (value, key if key is not None and key[0] == "const" else UNKNOWN)
            for around in heap.contents if around[:1] == ("container",) and around[1] in {"dict", "defaultdict"}
            for key, part in heap.contents.parts(around) if part[0] in DISPLAYS or part[0] == "call"
            for value in heap.evaluate(part) if value[0] == "container"
        )  # fmt: skip

    def may_be_equal(self, term: Term, other: Term) -> bool:
        """Tell whether two values may compare equal: a function that is made anew equals nothing."""
        left, right = self.removals.heap.evaluate(term), self.removals.heap.evaluate(other)
        fresh = [value for value in left if value[0] == "func" and self.removals.heap.functions[value[1]].parent]
        if (
            left
            and right
            and not left & right
            and (
                len(fresh) == len(left)
                or all(v[0] == "func" and self.removals.heap.functions[v[1]].parent for v in right)
            )
        ):
            known = {"func", "method", "self", "inst", "plain", "container", "class", "param"}
            return not all(value[0] in known for value in left | right)
        if fresh and len(fresh) == len(left) and term[0] == "func":
            return term == other
        if term[0] == "tuple" and other[0] == "tuple" and len(term[1]) == len(other[1]):
            return all(self.may_be_equal(a, b) for a, b in zip(term[1], other[1], strict=True))
        return True

    def same_function(self, function: Term, other: Term) -> bool | None:
        """Tell whether two values are the same function or method, an override included; None if that is not known."""
        values_of_both = [self.removals.heap.evaluate(term) for term in (function, other)]
        if not all(values and all(value[0] in {"func", "method"} for value in values) for values in values_of_both):
            return None
        return any(self._overrides(left[-1], right[-1]) for left in values_of_both[0] for right in values_of_both[1])

    def _overrides(self, key: str, other: str) -> bool:
        """Tell whether two functions are the same, or one overrides the other."""
        heap = self.removals.heap
        left, right = heap.functions[key], heap.functions[other]
        related = left.owner and right.owner and heap.classes.related(left.owner, right.owner)
        return key == other or bool(related and left.name == right.name)

    def _same_key(self, key: Term, store: Effect) -> bool:
        if store.key is None:
            return True
        keys, stored = alternatives(key), alternatives(store.key)
        if len(keys) + len(stored) > 2:
            return any(self._same_key(option, store._replace(key=other)) for option in keys for other in stored)
        if key[0] == "param" and store.key[:2] == ("param", store.function) and not store.chain:
            given, others = self.equality.given(key), self.equality.given(store.key)
            if given and any(row[0] == "tuple" for row in others):  # both are handed in, one of them as a row of parts
                rows = [store._replace(key=option, function="") for option in others]
                return any(self._same_key(option, row) for option in given for row in rows)
        if self.equality.differ(key, store.key):
            return False
        if self.equality.declared.of(key) is not None:
            return True
        if made_with := self.equality.made_with(key):
            return any(self._same_key(given, store) for given in made_with)
        if key[0] == store.key[0] == "tuple" and not any(part[0] == "star" for part in (*key[1], *store.key[1])):
            pairs = list(zip(key[1], store.key[1], strict=False))
            alike = len(key[1]) == len(store.key[1])
            return alike and all(self._same_key(part, store._replace(key=other)) for part, other in pairs)
        if {key[0], store.key[0]} == {"tuple", "call"}:
            call = key if key[0] == "call" else store.key
            if self.removals.heap.evaluate(call[1]) == {("ext", "builtins.tuple")}:
                return True  # made of its parts by a call, also of a named tuple, and written out
        if key[0] == "const" and store.key[0] != "const":
            plain = all(value[0] == "plain" for value in self.removals.heap.evaluate(store.key))
            return plain and all(part[0] not in {"param", "call"} for part in walk(store.key))
        if self._is_of_message(key):
            return True
        shape, other = self._shape(key), self._shape(store.key)
        if shape == other or shape == ("$",) or other == ("$",):
            return True
        if "$" in repr(shape) and "$" in repr(other):
            if (shape[0] == "call" and other[0] == "call") or shape[0] == other[0] == "text":
                return True
            if shape[0] == "attr" and other[0] == "attr" and shape[1] == other[1] == ("$",):
                return self._field_equal(key, store.key)
            fields = self.equality.field_values(key), self.equality.field_values(store.key)
            if any(self._shape(value) == other for value in fields[0]) or any(
                self._shape(value) == shape for value in fields[1]
            ):
                return True
            if self._may_be_prepared(key, store.key) or self._may_be_prepared(store.key, key):
                return True
            return any(
                value[0] in {"param", "call", "fresh", "unknown", "text", "union", "elem"}
                and "$" not in repr(self._shape(value))
                and {shape[0], other[0]} != {"attr", "call"}
                for value in fields[0]
            )
        return True

    def _may_be_prepared(self, key: Term, field: Term) -> bool:
        """Tell whether a key is what a function of the program makes of a text, as a caller may do for a field's value, too."""
        if key[0] != "call" or field[0] != "attr":
            return False
        own = any(value[0] in {"func", "method"} for value in self.removals.heap.evaluate(key[1]))
        return own and any(self._shape(value) == ("$",) for value in self.equality.field_values(field))

    def _is_of_message(self, key: Term) -> bool:
        """Tell whether a key is part of a message, a row, an event of no class here: it may be any that went out before."""
        if root(key)[0] not in {"param", "fresh", "iter"}:
            return False
        if key[0] == "attr":
            objects = self.removals.heap.attributes.with_given(key[1])
            return not any(value[0] in {"self", "inst"} and value[1] != "?" for value in objects)
        return bool(key[0] == "elem")

    def _field_equal(self, term: Term, other: Term) -> bool:
        left, right = self.equality.field_values(term), self.equality.field_values(other)
        return not left or not right or bool(set(left) & set(right))

    def _shape(self, term: Term) -> Term:
        """Return a term with the object that it is about left open."""

        def change(part: Term) -> Term | None:
            if part[0] in {"param", "iter", "fresh", "cell", "exception"} or (part[0] == "call" and self._makes(part)):
                return ("$",)
            if part[0] == "attr" and part[2] == "__class__":
                return ("call", "type", (self._shape(part[1]),))
            if part[0] == "call":
                return (
                    "call",
                    part[1][-1] if part[1][0] in {"name", "attr"} else "",
                    tuple(self._shape(inner) for inner in (*part[2], *([part[1][1]] if part[1][0] == "attr" else []))),
                )
            return None

        return rebuilt(term, change)

    def _makes(self, term: Term) -> bool:
        values = self.removals.heap.evaluate(term)
        return bool(values) and all(value[0] in {"inst", "self"} for value in values)

    def moves(self, removal: Effect, stores: list[Effect]) -> bool:
        """Tell whether the same function puts the entry back, itself or through what it calls, on the path of a removal."""
        groups = self.removals.by_function(stores)
        here = groups.get(removal.function, ())
        if any(
            not store.chain
            and store.how != "slot"
            and not finds_empty(removal, store)
            and self._follows(removal.event, store.event)
            and self._same_subject(removal, store)
            for store in here
        ):
            return True
        subject = root(removal.key) if removal.key is not None else None
        return subject is not None and any(
            call.caller == removal.function
            and subject in call.bound.values()
            and self._follows(removal.event, call.event)
            and self.removals.heap.functions[function].name != "__init__"
            and not all(finds_empty(removal, store) for store in groups[function])
            for function in groups
            for call in self.removals.effects.calls.get(function, ())
        )

    def without_moves(self, stores: list[Effect], removals: list[Effect]) -> tuple[list[Effect], list[Effect]]:
        """Return stores and removals without those that together only move an entry to another place of its container.

        Each run of such a store puts in what a removal has just taken out, or else has failed to.
        """
        own = (removal for removal in removals if not removal.chain and _fails_without(removal))
        taking = lists_by_key((removal.function, removal) for removal in own)
        pairs = [
            (store, removal)
            for store in stores
            for removal in taking.get(store.function, ())
            if self._is_move(removal, store)
        ]
        moved = {id(store) for store, _ in pairs}
        back = {id(removal) for store, removal in pairs if self._follows(removal.event, store.event)}
        staying = [store for store in stores if id(store) not in moved]
        return staying, [removal for removal in removals if id(removal) not in back]

    def _is_move(self, removal: Effect, store: Effect) -> bool:
        before = removal.event.place < store.event.place
        return before and self._in_turn(removal, store) and self._same_entry(removal, store)

    @staticmethod
    def _in_turn(removal: Effect, store: Effect) -> bool:
        """Tell whether each run of a store comes after a run of a removal of its own."""
        before, more = store.event.guards[: len(removal.event.guards)], store.event.guards[len(removal.event.guards) :]
        return before == removal.event.guards and all(guard.kind not in {"loop", "while"} for guard in more)

    @staticmethod
    def _same_entry(removal: Effect, store: Effect) -> bool:
        if removal.key is None:
            return store.value == removal.event.terms[0]
        return removal.key == (store.value if store.key is None else store.key)

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
            return (
                store.value is not None
                and any(part == ("call",) or part[0] == "call" for part in walk(store.value))
                and self._takes_from(store.value, removal)
            )
        subjects = {term for term in walk(removal.key) if term[0] in {"param", "fresh", "iter", "cell"}}
        stored = {term for part in (store.value, store.key) if part is not None for term in walk(part)}
        return removal.key in stored or bool(subjects & stored)

    def _takes_from(self, value: Term, removal: Effect) -> bool:
        return any(
            term[0] == "call"
            and term[1][0] == "attr"
            and term[1][2] == removal.how
            and removal.container in self.removals.heap.evaluate(term[1][1])
            for term in walk(value)
        )


def _fails_without(removal: Effect) -> bool:
    """Tell whether a removal raises an error where there is nothing to take out."""
    if removal.how not in {"remove", "del", "__delitem__", "pop", "popleft", "popitem"}:
        return False
    given = removal.event.terms[0][2] if removal.event.kind == "call" else ()
    return removal.how != "pop" or len(given) < 2
