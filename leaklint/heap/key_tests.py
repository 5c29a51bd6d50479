"""Removals behind a test of the key alone that has one outcome for each key: the entries whose keys fail it stay."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from leaklint.flow.model import Function
from leaklint.flow.terms import Term, as_text, children, rebuilt, walk
from leaklint.heap.domains import Domain
from leaklint.heap.effects import Effect
from leaklint.heap.key_guards import conjuncts
from leaklint.heap.release import Missed, Quality, Release
from leaklint.heap.spellings import Spellings

if TYPE_CHECKING:
    from leaklint.heap.removal import Removals

_OF_TEXT = frozenset({"startswith", "endswith", "isdigit", "isalpha", "isupper", "islower", "isidentifier", "isalnum"})
_DIVIDING = frozenset({"%", "&"})
_MANY = frozenset({Domain.FRESH, Domain.OBJECT})
_SUBJECT: Term = ("name", "", "key")


class KeyTest(NamedTuple):
    """A test that lets a removal run: the test with its outcome, and the key that it asks."""

    test: Term
    holds: bool
    subject: Term

    @property
    def shape(self) -> tuple[Term, bool]:
        """Return the test with its key left open, and without the place where it stands."""
        shape = rebuilt(self.test, lambda term: _SUBJECT if term == self.subject else None)
        return rebuilt(shape, lambda term: (*term[:4], ()) if term[0] == "call" else None), self.holds

    @property
    def text(self) -> str:
        """Return the test as an author would write it, asking a ``key``."""
        text = as_text(rebuilt(self.test, lambda term: _SUBJECT if term == self.subject else None))
        return text if self.holds else f"not {text}" if self.test[0] != "op" else f"not ({text})"


class KeyTests:
    """Finds the removals that take out only entries with some sorts of keys."""

    def __init__(self, removals: Removals) -> None:
        """Take what is asked for everything else."""
        self.removals = removals
        self.heap = removals.heap
        self.spellings = Spellings(removals.heap, removals.effects)
        self._known: dict[tuple[int, Term | None], list[KeyTest]] = {}

    def left(self, removal: Effect, stores: list[Effect], every: list[Effect]) -> Release | None:
        """Return why a test of the key keeps a removal from some of the entries; None if none does.

        ``every`` are all the removals from the holder; those behind several such tests may together take out all of it.
        """
        tests = self._tests_of(removal)
        if not tests or len({test.shape for other in every for test in self._tests_of(other)}) != len(tests):
            return None
        for test in tests:
            for store in stores:
                key = store.key if store.key is not None else store.value
                sure = self._fails(test, key, store) if key is not None and not self._is_tested(store, key) else None
                if sure is not None:
                    return self._partial(test, removal, store, sure)
        return None

    @staticmethod
    def _partial(test: KeyTest, removal: Effect, store: Effect, sure: bool) -> Release:
        why = f"it is removed only where {test.text} (line {removal.event.place[0]})"
        if sure:
            return Release(Quality.DOUBTFUL, why, removal, missed=Missed(store, why, "remove the others, too"))
        return Release(Quality.DOUBTFUL, why, removal, doubt=f"assumes that not all keys pass {test.text}")

    # the tests of a removal

    def _tests_of(self, removal: Effect) -> list[KeyTest]:
        """Return the tests of the key alone behind which a removal stands."""
        asked = (id(removal.event), removal.key)
        if asked not in self._known:
            self._known[asked] = list(dict.fromkeys(self._tests(removal)))
        return self._known[asked]

    def _tests(self, removal: Effect) -> Iterator[KeyTest]:
        function = self.heap.functions[removal.function]
        for test, holds, subject in self._conditions(removal):
            if self._is_key_test(test, holds, subject, function):
                yield KeyTest(test, holds, subject)

    def _conditions(self, removal: Effect) -> Iterator[tuple[Term, bool, Term]]:
        """Yield what is asked before a removal, with the outcome that lets it run and the key that it takes out."""
        value, key = removal.value, removal.key
        if removal.how in {"filter", "rebuild"} and value is not None and value[0] == "comp" and len(value[4]) == 1:
            for test, holds in conjuncts(value[4][0], False):
                yield test, holds, value[2][0]
        if key is None:
            return
        if key[0] == "iter" and key[1][0] == "comp" and key[1][4]:
            for condition in key[1][4]:
                for test, holds in conjuncts(condition, True):
                    yield test, holds, key[1][2][0]
        for guard in removal.event.guards:
            for test, holds in conjuncts(guard.test, guard.holds) if guard.kind in {"if", "past"} else ():
                yield test, holds, key

    def _is_key_test(self, test: Term, holds: bool, subject: Term, function: Function, depth: int = 0) -> bool:
        """Tell whether a test asks nothing but a key, of which many fail it."""
        if test[0] == "op" and test[1] in {"not", "and", "or"}:
            return all(self._is_key_test(part, holds, subject, function, depth) for part in test[2])
        if test[0] == "op" and test[1] in _DIVIDING and len(test[2]) == 2:
            return bool(test[2][0] == subject) and self._is_fixed(test[2][1], function)
        if test[0] == "op" and test[1] in {"==", "!=", "is", "is not"} and len(test[2]) == 2:
            return self._is_comparison(test, holds, subject, function)
        if test[0] != "call":
            return False
        if test[1][0] == "attr" and test[1][2] in _OF_TEXT:
            return bool(test[1][1] == subject) and all(self._is_fixed(part, function) for part in test[2])
        if test[1][::2] == ("name", "isinstance") and len(test[2]) == 2:
            return bool(test[2][0] == subject)
        return depth < 2 and subject in test[2] and self._is_of_function(test, holds, subject, depth)

    def _is_comparison(self, test: Term, holds: bool, subject: Term, function: Function) -> bool:
        """``key % 4 == 0``, ``key[0] == "t"``, ``key == "main"``: with a constant; only where that lets few keys pass."""
        left, right = test[2]
        if not self._is_fixed(right, function):
            return False
        if left[0] == "op" and left[1] in _DIVIDING and left[2][0] == subject:
            return self._is_fixed(left[2][1], function)
        if left[0] == "elem" and left[1] == subject:
            return bool(left[2][0] == "const" == right[0])
        return (
            bool(left == subject and right[0] == "const" and right[1] != "None") and (test[1] in {"==", "is"}) == holds
        )

    def _is_of_function(self, test: Term, holds: bool, subject: Term, depth: int) -> bool:
        """Tell whether a function of the program gives back nothing but such a test of what it is given."""
        callees = [value for value in self.heap.evaluate(test[1]) if value[0] in {"func", "method"}]
        if len(callees) != 1:
            return False
        callee = self.heap.functions[callees[0][-1]]
        receiver = self.heap.calling.receiver_term(test, callees[0]) if callees[0][0] == "method" else None
        bound = self.heap.calling.bind(callee.key, test, receiver)
        returned = [event for event in callee.events if event.kind == "return"]
        names = [name for name, argument in bound.items() if argument == subject]
        if len(returned) != 1 or len(names) != 1 or returned[0].guards:
            return False
        parameter: Term = ("param", callee.key, names[0])
        return self._is_key_test(returned[0].terms[0], holds, parameter, callee, depth + 1)

    def _is_fixed(self, term: Term, function: Function) -> bool:
        """Tell whether a term has one value while the process lives, as far as a function can tell."""
        kind = term[0]
        if kind in {"const", "class", "dotted"}:
            return True
        if kind in {"tuple", "set"}:
            return all(self._is_fixed(part, function) for part in term[1])
        if kind in {"param", "cell"}:
            return term[1] != function.key and term[1] not in self._rebinding
        if kind == "name":
            return len(self.heap.names.assigned_to(self.heap.names.name(term[1], term[2]))) <= 1
        return (
            bool(kind == "attr")
            and term[2] not in self.heap.attributes.assigned.reassigned
            and children(term)[0][0] in {"param", "class", "name"}
        )

    @cached_property
    def _rebinding(self) -> frozenset[str]:
        """Return the functions of which inner ones assign to variables."""
        events = (event for function in self.heap.functions.values() for event in function.events)
        return frozenset(event.terms[0][1] for event in events if event.kind == "setcell")

    # the keys of a store

    def _is_tested(self, store: Effect, key: Term) -> bool:
        """Tell whether a store, or whoever comes to it, asks something of the key itself."""
        calls = [*store.chain, *self.removals.effects.calls.get(store.function, ())]
        frames = [(store.event, {key}), *((call.event, set(call.bound.values())) for call in calls)]
        for event, keys in frames:
            for guard in event.guards:
                for test, holds in conjuncts(guard.test, guard.holds) if guard.kind in {"if", "past"} else ():
                    for subject in keys & set(walk(test)):
                        home = self.heap.functions[store.function]
                        if subject[0] != "const" and self._is_key_test(test, holds, subject, home):
                            return True
        return False

    def _fails(self, test: KeyTest, key: Term, store: Effect) -> bool | None:
        """Tell whether it is sure, or only assumed, that many of the keys of a store fail a test; None if neither."""
        asked = test.test
        domain = self.removals.keys.of(key, store.chain)
        if domain is Domain.FINITE:
            return None
        if asked[0] == "call" and asked[1][::2] == ("name", "isinstance"):
            return True if self._is_of_other_class(asked[2][1], test.holds, key) else None
        starts = _starts(asked, test.subject)
        if starts is not None:
            begun = self.spellings.starts(key)
            outside = [
                text for text in begun or () if text and not text.startswith(starts) and not starts[0].startswith(text)
            ]
            inside = [text for text in begun or () if text and text.startswith(starts)]
            return domain in _MANY if (outside if test.holds else inside) else None
        if asked[0] == "call" and asked[1][0] == "attr":
            return None
        if asked[0] == "op" and asked[2][0][0] == "elem":
            return None
        return domain in _MANY

    def _is_of_other_class(self, classes: Term, holds: bool, key: Term) -> bool:
        """Tell whether some of the objects that go by themselves are of other classes than a test asks for."""
        asked = self.heap.annotations.of(classes)
        wanted = {value[1] for value in asked if value[0] in {"inst", "self"} and value[1] in self.heap.names.classes}
        keys = {value for value in self.heap.attributes.with_given(key) if value[0] in {"inst", "self"}}
        if not wanted or len(wanted) != len(asked):
            return False
        order = self.heap.classes.order
        return any(
            value[1] in self.heap.names.classes
            and wanted.isdisjoint(order(value[1])) == holds
            and not (holds and any(wanted & set(order(heir)) for heir in self.heap.classes.below(value[1])))
            for value in keys
        )


def _starts(test: Term, subject: Term) -> tuple[str, ...] | None:
    """Return the constants of ``key.startswith("a")`` or ``key[0] == "a"`` for texts; None for other tests."""
    start: Term | None = None
    if test[0] == "call" and test[1] == ("attr", subject, "startswith") and len(test[2]) == 1:
        start = test[2][0]
    if test[0] == "op" and test[1] == "==" and test[2][0] == ("elem", subject, ("const", "0", "int")):
        start = test[2][1]
    parts = start[1] if start is not None and start[0] == "tuple" else (start,)
    texts = [part[1][1:-1] for part in parts if part is not None and part[0] == "const" and part[2] == "str"]
    return tuple(texts) if texts and len(texts) == len(parts) else None
