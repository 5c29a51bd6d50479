"""Guards that let only so many keys pass: tables, ranges, look-ups that raise."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from leaklint.flow.model import Event, Function, Guard
from leaklint.flow.terms import NONE, Term, children, walk
from leaklint.heap.effects import Effect
from leaklint.heap.points_to import PointsTo

if TYPE_CHECKING:
    from leaklint.heap.key_domain import KeyDomain

_WORKED_OUT = frozenset({"call", "setname", "setattr"})  # events that make values


class KeyGuards:
    """Judges the guards of a store."""

    def __init__(self, keys: KeyDomain) -> None:
        """Take what is asked for everything else."""
        self.keys = keys
        self._read: dict[tuple[str, frozenset[str] | None], dict[Term, list[Term]]] = {}

    def bounded_by(self, guard: Guard, effect: Effect) -> bool:
        """``if key in TABLE``, ``if key == "x"``, ``if key not in TABLE: raise``: only so many keys pass."""
        if guard.kind not in {"if", "past"} or effect.key is None:
            return False
        return any(self._bounds(test, holds, effect) for test, holds in conjuncts(guard.test, guard.holds))

    def _bounds(self, test: Term, holds: bool, effect: Effect) -> bool:
        if test[0] != "op" or len(test[2]) != 2:
            return False
        left, right = test[2]
        keys = self._same_keys(effect)
        if test[1] in {"in", "not in"} and (test[1] == "in") == holds and left in keys:
            containers = self.keys.heap.evaluate(right)
            if right[0] in {"tuple", "list", "set"}:
                return True
            return bool(containers) and effect.container not in containers and self.keys.of_table(("iter", right))
        if test[1] in {"==", "!="} and (test[1] == "==") == holds:  # that one key, and no other
            return (left in keys and right[0] == "const") or (right in keys and left[0] == "const")
        return False

    def _same_keys(self, effect: Effect) -> set[Term]:
        return {effect.key} if effect.key is not None else set()

    def checked_in_parts(self, effect: Effect) -> bool:
        """Tell whether each part of a key that is put together here has passed a test that only so many values pass."""
        key = _unlifted_key(effect)
        if key[0] not in {"tuple", "text"}:
            return False
        passed = [*_passed(effect.event), *self._passed_in_loops(effect)]
        parts = [part for part in children(key) if part[0] != "const"]
        return bool(parts) and all(
            any(left == part and self._is_fixed(right, effect) for left, right in passed) for part in parts
        )

    def _is_fixed(self, table: Term, effect: Effect) -> bool:
        """Tell whether a table has fixed entries, and is not the container that is filled."""
        if effect.container in self.keys.heap.evaluate(table):
            return False
        return table[0] in {"tuple", "list", "set"} or self.keys.of_table(("iter", table))

    def _passed_in_loops(self, effect: Effect) -> Iterator[tuple[Term, Term]]:
        """``for part in (a, b): if part not in TABLE: raise``: yield each part, and the table that it is in afterwards."""
        for event in self.keys.heap.functions[effect.function].events:
            if event.kind not in {"raise", "return"} or event.place > effect.event.place or len(event.guards) < 2:
                continue
            *around, loop, last = event.guards
            if loop.kind != "loop" or loop.test[0] not in {"tuple", "list"} or last.kind != "if":
                continue
            if not all(guard in effect.event.guards for guard in around):
                continue
            for left, right in _members(last.test, not last.holds):
                if left == ("iter", loop.test):
                    yield from ((part, right) for part in loop.test[1])

    def looked_up(self, effect: Effect) -> bool:
        """The value is worked out from ``TABLE[key]``, which raises for keys that the table does not have."""
        if effect.key is None:
            return False
        bases = self._bases(effect.function, _WORKED_OUT).get(effect.key, [])
        for term in walk(effect.value) if effect.value is not None else ():
            if term[0] == "elem" and term[2] == effect.key:
                bases = [*bases, term[1]]
            elif term[0] == "call" and term[1][0] == "func":
                bases = [*bases, *self._bases(term[1][1], None).get(effect.key, ())]
        return any(
            effect.container not in self.keys.heap.evaluate(base) and self.keys.of_table(("iter", base))
            for base in bases
        )

    def _bases(self, key: str, kinds: frozenset[str] | None) -> dict[Term, list[Term]]:
        """Return what a function reads elements of, by the keys, in events of some kinds or of any kind."""
        if (key, kinds) not in self._read:
            found: dict[Term, dict[Term, None]] = {}
            for event in self.keys.heap.functions[key].events:
                for top in event.terms if kinds is None or event.kind in kinds else ():
                    for term in walk(top):
                        if term[0] == "elem":
                            found.setdefault(term[2], {})[term[1]] = None
            self._read[key, kinds] = {item: list(bases) for item, bases in found.items()}
        return self._read[key, kinds]

    def checked_by_value(self, effect: Effect) -> bool:
        """A range check of the key raises or returns before the store, here or in the constructor of what is stored."""
        if effect.key is None:
            return False
        raw = _unlifted_key(effect)
        if _ranged(effect.event.guards, raw) or _ranged(effect.event.guards, effect.key):
            return True
        for term in walk(effect.value) if effect.value is not None else ():
            if term[0] != "call":
                continue
            for value in self.keys.heap.evaluate(term[1]):
                init = self.keys.heap.classes.method(value[1], "__init__") if value[0] == "class" else None
                if init is None:
                    continue
                bound = self.keys.heap.calling.bind(init, term, term)
                names = [name for name, given in bound.items() if given == effect.key]
                for event in self.keys.heap.functions[init].events:
                    if event.kind == "setattr" and any(_ranged(event.guards, ("param", init, name)) for name in names):
                        return True
        return False


def _unlifted_key(effect: Effect) -> Term:
    terms = effect.event.terms
    if effect.event.kind == "setitem":
        return terms[1]
    return effect.key or ("unknown",)


def _passed(event: Event) -> Iterator[tuple[Term, Term]]:
    """Yield (value, table) of the memberships that the guards of an event ask for."""
    for test, holds in asked_before(event):
        yield from _members(test, holds)


def is_there(effect: Effect) -> bool:
    """Tell whether a test before the read of an element has found its key in the container, so that the read makes none."""
    return effect.how == "read" and any(asked == (effect.key, effect.base) for asked in _passed(effect.event))


def _members(test: Term, holds: bool) -> Iterator[tuple[Term, Term]]:
    """Yield (value, table) of the memberships that are sure if a test has an outcome."""
    for one, outcome in conjuncts(test, holds):
        if one[0] == "op" and one[1] in {"in", "not in"} and (one[1] == "in") == outcome and len(one[2]) == 2:
            yield one[2]


def asked_before(event: Event) -> Iterator[tuple[Term, bool]]:
    """Yield the tests, with their outcomes, that all have come out so where an event comes."""
    for guard in event.guards:
        if guard.kind in {"if", "past"}:
            yield from conjuncts(guard.test, guard.holds)


def conjuncts(test: Term, holds: bool) -> list[tuple[Term, bool]]:
    """Return the tests, with their outcomes, that all have to come out so for a test to have an outcome."""
    if test[0] == "op" and test[1] == "not":
        return conjuncts(test[2][0], not holds)
    if test[0] == "op" and test[1] == ("and" if holds else "or"):
        return [one for part in test[2] for one in conjuncts(part, holds)]
    return [(test, holds)]


def is_search_for_unused(event: Event) -> bool:
    """Tell whether a function returns a key from a loop that tries one after another, until a container has not that one."""
    if not any(guard.kind in {"loop", "while"} for guard in event.guards):
        return False
    key = event.terms[0]
    tests = (test for guard in event.guards if guard.kind == "if" for test in conjuncts(guard.test, guard.holds))
    return any(_says_absent(test, holds, key) for test, holds in tests)


def _says_absent(test: Term, holds: bool, key: Term) -> bool:
    """``key not in c``, ``c.get(key) is None``, or ``c.setdefault(key, value) == value``, which has put it in."""
    if test[0] != "op" or len(test[2]) != 2:
        return False
    left, right = test[2]
    if test[1] in {"in", "not in"}:
        return bool(left == key) and (test[1] == "not in") == holds
    if left[0] != "call" or left[1][0] != "attr" or left[2][:1] != (key,) or (test[1] in {"==", "is"}) != holds:
        return False
    wanted = {"setdefault": left[2][1:2], "get": (NONE,)}.get(left[1][2], ())
    return bool(wanted == (right,))


def _ranged(guards: tuple[Guard, ...], key: Term) -> bool:
    """Tell whether guards keep a key within two numbers, or its absolute value below one."""
    below = above = False
    for guard in guards:
        if guard.kind not in {"if", "past"}:
            continue
        for test, holds in conjuncts(guard.test, guard.holds):
            if test[0] != "op" or test[1] not in {"<", "<=", ">", ">="} or len(test[2]) != 2:
                continue
            left, right = test[2]
            less = (test[1][0] == "<") == holds
            for one, other, smaller in ((left, right, less), (right, left, not less)):
                if other[0] not in {"const", "op", "name"}:
                    continue
                if one == key:
                    below, above = below or smaller, above or not smaller
                if one[0] == "call" and one[1][-1] == "abs" and one[2] == (key,) and smaller:
                    return True
    return below and above


def interned(effect: Effect, heap: PointsTo) -> bool:
    """Tell whether an entry is made only where the container has none for the key, from the key itself."""
    return any(_tests_container(guard, effect.container, heap) for guard in effect.event.guards)


def _tests_container(guard: Guard, container: Term, heap: PointsTo) -> bool:
    if guard.kind == "except":
        return "KeyError" in repr(guard.test) or "LookupError" in repr(guard.test)
    return guard.kind in {"if", "past"} and container in heap.looked_into(guard.test)


def looked_through(function: Function, event: Event) -> Iterator[Term]:
    """Yield what a function has looked through before an event, which comes only where nothing of the kind was found.

    It returns where something equals what it is given, it asks ``not any(test(x) for x in X)``, or it goes by a flag that a
    loop over X may have set.
    """
    tests = [guard.test for guard in event.guards if guard.kind in {"if", "past"}]
    for test in tests:
        for term in walk(test):
            if term[0] == "comp" and _asks(term[2]):
                yield from term[3]
    is_flagged = any(_is_flag(function, part) for test in tests for part in walk(test))
    for earlier in function.events:
        if earlier.place >= event.place or not (earlier.kind == "return" or is_flagged):
            continue
        asked = [guard.test for guard in earlier.guards if guard.kind == "if" and guard.holds]
        if _asks((*asked, *(earlier.terms if is_flagged else ()))):
            yield from (guard.test for guard in earlier.guards if guard.kind == "loop")


def _asks(terms: Iterable[Term]) -> bool:
    """Tell whether terms compare things, or ask of which class they are."""
    parts = [part for term in terms for part in walk(term)]
    is_class_test = any(part[0] == "call" and part[1][::2] == ("name", "isinstance") for part in parts)
    return is_class_test or any(part[:2] == ("op", "==") for part in parts)


def _is_flag(function: Function, term: Term) -> bool:
    """Tell whether a term is a variable that a loop may have set, and that is nothing but true or false."""
    if term[0] != "fresh" or term[1] != function.key:
        return False
    return all(value[0] == "const" and value[2] == "bool" for value in function.assigned.get(term[2], (term,)))
