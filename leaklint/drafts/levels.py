"""How surely a container leaks: what is stored there, under which keys, by whom, and how many there can be."""

from __future__ import annotations

import re
from collections.abc import Sequence

from leaklint.drafts.facts.model import Value
from leaklint.drafts.program import ClassRef, Holder, Program, Touch
from leaklint.drafts.program.moments import is_constant, is_singleton
from leaklint.drafts.program.removal import Removal
from leaklint.drafts.program.things import Things
from leaklint.drafts.stores import MAKING, Store, is_own
from leaklint.model import Confidence

# A parameter that is called later: a registry of functions, which usually are defined once.
_CALLED = re.compile(
    r"(^|_)(f|fn|func|function|callback|callbacks|cb|handler|hook|listener|observer|filter|factory)s?$"
)
# A parameter or attribute that is text by the name it goes by.
_TEXT = re.compile(r"(^|_)(name|kind|path|filename|label|url|uri|title|text|message|topic|slug)s?$")
_TEXT_KEYS = re.compile(
    r"^[^\[]*\[\s*(str|type|[Tt]ype\[[^\]]*\]|Type|bytes|Literal\[[^\]]*\]|[Tt]uple\[(\s*(str|type|bytes|bool)\s*,?)+\])\s*,"
)
LEVELS: tuple[Confidence, ...] = ("low", "medium", "high")


class Levels:
    """Judge leaks of one program."""

    def __init__(self, program: Program, things: Things) -> None:
        self._program = program
        self._things = things

    def of(self, holder: Holder, stores: Sequence[Store], gone: Removal) -> Confidence:
        """Return the confidence of a leak whose stores start with the most telling one."""
        level = max(self._level(store) for store in stores)
        # A cache by name that can be cleared by hand is a choice; entries under a dead instance serve nobody again.
        if gone.quality == "weak" and not (stores[0].side == "key" and gone.touch is not None and gone.by_hand):
            level -= 1
        if holder.scope == "object" and stores[0].thing.kind not in {"self", "method", "closure"}:
            level -= 1  # not every object of its class lives on, and which of them is filled is not seen
        first = stores[0].thing
        if level > 0 and first.kind == "instance" and first.ref is None and first.name:
            self._program.lacking.add(first.name)  # what the class is may decide: a typed dictionary is no instance
        if level > 0 and self._is_constant(stores[0]):
            level = 0
        return LEVELS[max(0, min(2, level))]

    def _level(self, store: Store) -> int:
        kind = store.thing.kind
        if kind in {"method", "closure"} or is_own(store):
            return 2 if store.site is None else 1
        if kind in {"instance", "class"} and store.side == "value" and self._is_under_a_name(store.touch):
            return 0  # a catalogue: as many entries as there are names, and found again by them
        if kind == "instance" and self._only_told_apart(store):
            return 0
        if kind in {"instance", "exception", "class"}:
            return 1
        if kind == "param":
            return self._level_of_param(store)
        return 0

    def _only_told_apart(self, store: Store) -> bool:
        """Equal objects share a key or a place in a set: there are as many entries as values, as with keys of text."""
        ref = store.thing.ref
        alike = store.side == "key" or (store.side == "element" and store.touch.event.how == "add")
        return alike and ref is not None and is_value(self._program, ref)

    def _level_of_param(self, store: Store) -> int:
        """An unseen parameter: growing lists and sets keep what callers hand in; a map from names is a registry."""
        touch = store.touch
        if (
            store.side == "element"
            and touch.event.how in {"append", "add", "appendleft", "insert"}
            and touch.depth == 0
        ):
            returned = {v.name for way in touch.function.returns for v in way if v.kind == "param"}
            if store.thing.name in returned or self._used_as_decorator(touch):
                return 0
            return 0 if self._is_called(store) or self._may_be_text(store) else 1
        if touch.holder.scope == "default":
            return 1  # nobody can reach a default argument to empty it
        if store.side == "key":
            return 1 if self._declares_instances_as_keys(touch) else 0
        if touch.event.how in {"[]=", "setdefault"} and touch.depth == 0:
            return 1 if any(self._is_fresh(key) for key in touch.event.key) else 0
        return 0

    def _is_called(self, store: Store) -> bool:
        """Tell whether what is stored is called, as some code shows or its name says: defined once, in most programs."""
        touch = store.touch
        names = (store.thing.name, touch.holder.binding.name.lower())
        if any(_CALLED.search(name) for name in names):
            return True
        return any(other.event.op == "call" for other in self._program.touches.get(touch.holder.key, ()))

    def _is_under_a_name(self, touch: Touch) -> bool:
        """Tell whether the key is declared as text or a class that callers choose, for the container or as parameter."""
        keys = touch.event.key
        if not keys or any(self._is_fresh(key) for key in keys) or touch.holder.scope == "metaclass":
            return False
        if touch.depth == 0 and _TEXT_KEYS.match(touch.holder.binding.annotation):
            return True
        declared = {p.name for p in touch.function.params if p.annotation}
        parts = [part for key in keys for part in (key.parts if key.kind == "tuple" else (key,))]
        return bool(parts) and all(
            part.kind == "param" and not part.path and part.name in declared and self._is_text(part, touch)
            for part in parts
        )

    def _is_text(self, key: Value, touch: Touch) -> bool:
        return self._things.of(key, touch.function, touch.module).kind in {"plain", "type"}

    @staticmethod
    def _may_be_text(store: Store) -> bool:
        """Tell whether a parameter goes by a name of text, or into a set without being used or declared as an object."""
        function, name = store.touch.function, store.thing.name
        if _TEXT.search(name) or store.touch.event.how != "add":
            return bool(_TEXT.search(name))
        declared = any(param.name == name and param.annotation for param in function.params)
        used = any(v.kind == "param" and v.name == name and v.path for call in function.calls for v in call.callee)
        return not declared and not used

    @staticmethod
    def _is_fresh(key: Value) -> bool:
        """Tell whether a key is made for the entry (a counter, ``id(x)``), not a name that callers choose."""
        if key.kind == "call":
            return key.parts[0].path[-1:] in {("id",), ("next",), ("uuid4",), ("uuid1",)} or "[]" in key.path
        return key.kind == "number"

    def _declares_instances_as_keys(self, touch: Touch) -> bool:
        """Tell whether the container's annotation names a class of the program, not a type of classes, in its key."""
        text = touch.holder.binding.annotation
        inside = text.partition("[")[2]
        key = inside[: _end_of_first(inside)]
        home = touch.holder.module
        for name in re.findall(r"[A-Za-z_][\w.]*", "" if re.search(r"\b[Tt]ype\[", key) else key):
            found = self._program.names.find(home, tuple(name.split(".")))
            own = found.name.partition(".")[0] == home.partition(".")[0]  # a class of the project that was not read
            if name.rpartition(".")[2][:1].isupper() and (found.kind == "class" or (found.kind == "external" and own)):
                return not found.rest
        return False

    def _used_as_decorator(self, touch: Touch) -> bool:
        sites = self._program.sites.get((touch.module.name, touch.function.qualname), [])
        return any(site.call is None for site in sites)

    def _is_constant(self, store: Store) -> bool:
        """Instances that only module and class bodies make, several of them, are a fixed set."""
        ref, touch = store.thing.ref, store.touch
        if ref is None or store.site is not None or touch.function.name not in MAKING:
            return False
        return is_constant(self._program, ref) and not is_singleton(self._program, ref)


def is_value(program: Program, ref: ClassRef) -> bool:
    """Tell whether equal objects of a class, which is hashed, pass for one: it says so itself, or is a data class."""
    names = program.names
    line = names.ancestors(ref)
    defined = [names.class_of(one).names for one in line]
    if any("__eq__" in own for own in defined) and any("__hash__" in own for own in defined):
        return True
    decorators = [d for one in line for d in names.class_of(one).decorators if d.value.path[-1:] == ("dataclass",)]
    told = [value.name for d in decorators for a in d.arguments if a.name == "eq" for value in a.values]
    return bool(decorators) and "False" not in told


def _end_of_first(text: str) -> int:
    """Return where the first of several type arguments ends."""
    depth = 0
    for place, letter in enumerate(text):
        if letter == "," and depth == 0:
            return place
        depth += {"[": 1, "]": -1}.get(letter, 0)
    return len(text)
