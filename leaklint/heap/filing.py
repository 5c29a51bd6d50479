"""Under which keys entries are filed, and looked for: one constant of several, or what the key was worked out from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from leaklint.contracts.texts import ONE_FOR_ONE
from leaklint.flow.terms import Term, as_text, options, rebuilt, walk
from leaklint.heap.effects import Effect
from leaklint.heap.forms import Form, Forms
from leaklint.heap.release import Missed, Quality, Release

if TYPE_CHECKING:
    from leaklint.heap.removal import Removals

_READING = frozenset({"get", "setdefault", "pop"})
_CALLERS = 2  # how many callers up what is passed is followed
_AS_TEXT = frozenset({"builtins.str", "builtins.repr", "builtins.format"})
_ELEMENTS = frozenset({"remove", "discard"})


def slot_of(effect: Effect) -> Term | None:
    """Return the key under which the container of an effect lies in another one; None if it lies in none."""
    keys = [key for base in options(effect.base) if (key := _key_in(base)) is not None]
    return keys[0] if keys and all(key == keys[0] for key in keys) else None


def _key_in(base: Term) -> Term | None:
    if base[0] == "elem":
        return base[2]  # type: ignore[no-any-return]
    reads = base[0] == "call" and base[1][0] == "attr" and base[1][2] in _READING and base[2]
    return base[2][0] if reads else None


class Filing:
    """Compares the keys under which stores file their entries with those under which removals look for them."""

    def __init__(self, removals: Removals) -> None:
        """Take what is asked for everything else."""
        self.removals = removals
        self.heap = removals.heap
        self.effects = removals.effects
        self.forms = Forms(removals.heap)
        self._removed_slots: tuple[list[Effect], set[Term | None]] | None = None
        self._ways_to_file: tuple[list[Effect], list[Effect], list[Effect]] | None = None
        self._known: dict[Term, frozenset[Term]] = {}

    def left(self, removal: Effect, stores: list[Effect], every: list[Effect]) -> Release | None:
        """Return why a removal looks for entries under other keys than those of a store; None if it does not.

        ``every`` are all the removals from the holder.
        """
        removed_key = slot_of(removal)
        is_constant = removed_key is not None and removed_key[0] == "const" and removal.how in _ELEMENTS
        ways, worked_out = self._ways_of(stores)
        for store in ways if is_constant else worked_out:
            missed = (
                self._under_one(removal, removed_key, store, every) if is_constant and removed_key is not None else None
            )
            missed = (
                missed
                or self._under_bare(removal, removed_key, store)
                or self._under_other_form(removal, removed_key, store)
            )
            if missed is not None:
                quality = Quality.NONE if missed.shown else Quality.DOUBTFUL
                return Release(quality, missed.why, removal, missed=missed)
        return None

    def _ways_of(self, stores: list[Effect]) -> tuple[list[Effect], list[Effect]]:
        """Return stores that file under different keys, or different entries, and those whose keys are worked out.

        It is found once for the stores into one holder.
        """
        if self._ways_to_file is None or self._ways_to_file[0] is not stores:
            ways = list(reversed({(store.base, store.key, store.value): store for store in reversed(stores)}.values()))
            self._ways_to_file = stores, ways, [store for store in ways if self._is_worked_out_key(store)]
        return self._ways_to_file[1:]

    def _is_worked_out_key(self, store: Effect) -> bool:
        """Tell whether a key of a store, or an element, is worked out from something, itself or as a part of a tuple."""
        keys = [term for term in (slot_of(store), store.key, store.value) if term is not None]
        parts = [part for term in keys for part in (term, *(term[1] if term[0] == "tuple" else ()))]
        return any(part[0] == "call" or self._source(part) is not None for part in parts)

    # one constant of several

    def _under_one(self, removal: Effect, removed_key: Term, store: Effect, every: list[Effect]) -> Missed | None:
        """Return how a removal under a constant key misses what lies under others."""
        stored_key = slot_of(store)
        if stored_key is None or stored_key[0] == "const":
            return None
        others = self._slots(every)
        known = set(self._constants(stored_key, 0))
        if None not in known and known <= others:
            return None
        if len(others - {None}) > 1 and not known - {None} - others:
            return None
        line = removal.event.place[0]
        why = f"it is stored under {_name(stored_key)} and removed under {as_text(removed_key)} only (line {line})"
        return Missed(store, why, "remove it under the other keys, too", shown=None not in known)

    def _slots(self, removals: list[Effect]) -> set[Term | None]:
        """Return the keys under which removals look, worked out once for the removals from one holder."""
        if self._removed_slots is None or self._removed_slots[0] is not removals:
            self._removed_slots = removals, {slot_of(removal) for removal in removals}
        return self._removed_slots[1]

    def _constants(self, term: Term, depth: int) -> Iterator[Term | None]:
        """Yield the constants that a term may be by what callers pass; None for what is no constant."""
        for option in options(term):
            calls = self.effects.calls.get(option[1], ()) if option[0] == "param" and depth <= _CALLERS else ()
            passed = [call.bound[option[2]] for call in calls if option[2] in call.bound]
            if option[0] == "iter" and option[1][0] in {"tuple", "list", "set"}:
                passed = list(option[1][1])
            if not passed:
                yield option if option[0] == "const" else None
            for part in passed:
                yield from self._constants(part, depth + 1)

    # what the key is worked out from

    def _under_bare(self, removal: Effect, slot: Term | None, store: Effect) -> Missed | None:
        """Return how a removal looks for what is passed, where a store files its entry under what it works out from that.

        The program itself passes both the same.
        """
        for stored_key, removed_key in self._pairs(removal, slot, store):
            source = self._source(stored_key)
            if source is None or removed_key[0] not in {"param", "attr"} or removed_key == stored_key:
                continue
            passed = self._passed(removed_key)
            if any(self._source(argument) is not None for argument in passed if argument[0] != "attr"):
                continue  # some callers work the key out themselves
            if not any(self._is_raw(argument) for argument in passed & self._passed(source)):
                continue
            line = removal.event.place[0]
            why = f"it is stored under {as_text(stored_key)} and looked for under {as_text(removed_key)} (line {line})"
            return Missed(store, f"{why}, which may differ", "look for it under the same key", meant=True)
        return None

    def _under_other_form(self, removal: Effect, slot: Term | None, store: Effect) -> Missed | None:
        """Return how a store and a removal work a key out of what they are given, each in another way."""
        for stored_key, removed_key in self._pairs(removal, slot, store):
            for stored_part, removed_part in _parts(stored_key, removed_key):
                left, right = self.forms.of(stored_part), self.forms.of(removed_part)
                if left is None or right is None or not self._differ(left, right):
                    continue
                why = f"it is stored under {as_text(stored_key)} and looked for under {as_text(removed_key)}"
                why = f"{why} (line {removal.event.place[0]}), which may differ"
                return Missed(store, why, "look for it under the same key", meant=True)
        return None

    def _differ(self, stored: Form, removed: Form) -> bool:
        """Tell whether different things are done to what goes by one name, and to nothing that is worked out already.

        Where nothing is done to one of the two, callers have to pass the same for both.
        """
        if (
            stored.steps == removed.steps
            or stored.subject[0] != removed.subject[0]
            or stored.subject[2] != removed.subject[2]
        ):
            return False
        left, right = self._passed(stored.subject), self._passed(removed.subject)
        if any(map(self._is_worked_out, left | right)):
            return False
        return bool(stored.steps and removed.steps) or any(passed[0] != "const" for passed in left & right)

    def _is_worked_out(self, passed: Term) -> bool:
        """Tell whether something is done to what is passed, or was done to it before it was put where it is read."""
        if passed[0] == "attr":
            classes = self.heap.names.classes.values()
            assigned = (event.terms[1] for _, event in self.heap.attributes.assignments(passed[2]))
            return any(passed[2] in klass.methods for klass in classes) or any(map(self._has_steps, assigned))
        values = self.heap.evaluate(passed[1]) if passed[0] == "call" else ()
        read_from = [value[1] for value in values if value[0] == "cmethod"]
        parts = [part for method_read in read_from for _, part in self.heap.contents.parts(method_read)]
        return any(map(self._has_steps, parts)) if read_from else self._has_steps(passed)

    def _has_steps(self, term: Term) -> bool:
        form = self.forms.of(term) if term[0] == "call" else None
        return term[0] == "call" and (form is None or bool(form.steps))

    def _is_raw(self, passed: Term) -> bool:
        """Tell whether what is passed may be other than what is worked out from it: it is not worked out already."""
        if passed[0] != "attr" or passed[1][0] != "param" or passed[1][1] not in self.heap.names.classes:
            return bool(passed[0] != "const")
        assigned = [event.terms[1] for _, event in self.heap.attributes.field_terms(passed[1][1], passed[2])]
        return not assigned or any(self._source(value) is None and value[0] != "const" for value in assigned)

    @staticmethod
    def _pairs(removal: Effect, removed_key: Term | None, store: Effect) -> Iterator[tuple[Term, Term]]:
        """Yield the keys of a store, each with the one under which a removal looks for the entry."""
        stored_key = slot_of(store)
        if stored_key is not None and removed_key is not None:
            yield stored_key, removed_key
        elif removal.key is not None and store.key is not None and stored_key == removed_key:
            yield store.key, removal.key
        elif (
            removal.key is not None
            and store.value is not None
            and removal.how in _ELEMENTS
            and stored_key == removed_key
        ):
            yield store.value, removal.key

    def _source(self, key: Term) -> Term | None:
        """Return what a key is worked out from; None if it is taken as it is, or from several things."""
        if key[0] == "attr":
            return key[1] if key[1][0] == "param" else None
        if key[0] != "call" or key[3]:
            return None
        callee = key[1]
        if callee[0] == "attr" and callee[2] in ONE_FOR_ONE:
            return self._source(callee[1]) or callee[1]
        if len(key[2]) != 1:
            return None
        values = self.heap.evaluate(callee)
        inner: Term = key[2][0]
        if values and all(value[0] == "ext" and self._gives_form(value[1]) for value in values):
            return inner
        if values <= {("ext", name) for name in _AS_TEXT}:
            known = {value[0] for value in self.heap.attributes.with_given(inner)}
            return inner if known and known <= {"inst", "self", "func", "method", "class"} else None
        return inner if any(self._works_out(value, key) for value in values) else None

    def _gives_form(self, name: str) -> bool:
        """Tell whether a function of the library gives a canonical form of its argument, or a number that stands for it."""
        return any(self.heap.contracts.is_a(name, nature) for nature in ("canonical form", "digest"))

    def _works_out(self, callee: Term, key: Term) -> bool:
        """Tell whether a function gives back something worked out from the text that it is given."""
        if callee[0] != "func":
            return False
        function = self.heap.functions[callee[1]]
        bound = set(self.heap.calling.bind(callee[1], key, None))
        returned = [result for event in function.events if event.kind == "return" for result in options(event.terms[0])]
        params = {("param", function.key, name) for name in bound}
        return bool(returned) and all(
            result not in params and any(part in params for part in walk(result)) and self._source(result) is not None
            for result in returned
        )

    def _passed(self, term: Term) -> frozenset[Term]:
        """Return a term, and what callers pass for it, with the object whose method passes it left open."""
        if term not in self._known:
            self._known[term] = frozenset(self._followed(term, 0))
        return self._known[term]

    def _followed(self, term: Term, depth: int) -> Iterator[Term]:
        yield rebuilt(term, self._opened)
        if term[0] == "param" and depth < _CALLERS:
            for call in self.effects.calls.get(term[1], ()):
                if term[2] in call.bound:
                    yield from self._followed(call.bound[term[2]], depth + 1)

    def _opened(self, term: Term) -> Term | None:
        function = self.heap.functions[term[1]] if term[0] == "param" else None
        if function is None or not function.owner or not function.params or function.params[0].name != term[2]:
            return None
        return ("param", function.owner, "")


def _parts(stored_key: Term, removed_key: Term) -> Iterator[tuple[Term, Term]]:
    """Yield two keys, or the parts of two tuples or formatted texts place by place."""
    if (
        stored_key[0] == removed_key[0]
        and stored_key[0] in {"tuple", "text"}
        and len(stored_key[1]) == len(removed_key[1])
    ):
        yield from zip(stored_key[1], removed_key[1], strict=True)
    else:
        yield stored_key, removed_key


def _name(key: Term) -> str:
    return "several keys" if key[0] == "iter" else as_text(key)
