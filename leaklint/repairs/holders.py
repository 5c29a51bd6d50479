"""Holders: the containers that may live as long as the process, where they are made, and by which names code means them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from typing import NamedTuple

from leaklint.contracts.library import of_nature
from leaklint.flow.expressions import Place
from leaklint.flow.model import Event, Function, qualname
from leaklint.flow.terms import Term, options
from leaklint.heap.grouping import sets_by_key
from leaklint.heap.points_to import PointsTo

_KINDS = {
    name: kind for kind in ("dict", "list", "set", "weak", "bounded", "local") for name in of_nature(f"makes {kind}")
}
_FIELDS = of_nature("field")
_DESCRIPTOR = ("__get__", "__set__", "__set_name__")
_MANGLED = re.compile(r"\A_[A-Za-z0-9]\w*?(?=__)")
_LOCAL = frozenset({"closure", "default"})
_OF_CLASSES = (
    "class",
    "object",
    "metaclass",
    "descriptor",
)  # scopes of what is found by its class, the first one first
Key = tuple[str, str, str]


class HolderDefinition(NamedTuple):
    """A container of process lifetime.

    ``scope``: ``class``, ``module``, ``default`` (a default argument), ``closure`` (a local of a function that its inner
    functions fill), ``metaclass`` (made on each class by the metaclass), ``descriptor`` (an attribute of an object that
    sits on a class), ``object`` (an attribute of an object that sits in a module or on a class), ``function`` (an
    attribute of a function or method). ``owner`` is the key of the class, function or module that has it under ``word``;
    ``made`` the term of what makes it, ``place`` where that is assigned. ``kind`` is dict, list, set, weak, bounded, object
    (a call that may make one) or none; ``inner`` what a ``defaultdict`` makes.
    """

    scope: str
    owner: str
    word: str
    made: Term
    place: Place
    path: str
    kind: str
    inner: str = ""

    @property
    def module(self) -> str:
        """Return the name of its module."""
        return self.owner.partition(":")[0]

    @property
    def cls(self) -> str:
        """Return the key of the class that has it, empty for what is no attribute of a class or of its objects."""
        return self.owner if self.scope in _OF_CLASSES else ""

    @property
    def name(self) -> str:
        """Return what it is called inside of its module, as code calls it."""
        home = qualname(self.owner)
        return f"{home}{'.<locals>.' if self.scope in _LOCAL else '.'}{self.word}" if home else self.word

    @property
    def symbol(self) -> str:
        """Return what findings call it, ``pkg.mod:Class.attr``: private names carry their class."""
        home, word = qualname(self.owner), self.word
        if self.cls and word.startswith("__") and not word.endswith("__"):
            word = f"_{home.rpartition('.')[2].lstrip('_')}{word}"
        return f"{self.module}:{self.name.removesuffix(self.word)}{word}"

    @property
    def key(self) -> Key:
        """Return what tells holders apart."""
        return (self.scope, self.owner, self.word)

    @property
    def grows_on_read(self) -> bool:
        """Tell whether reading an entry makes it."""
        return self.made[0] == "call" and last_word(self.made[1]) == "defaultdict"

    @property
    def is_filled(self) -> bool:
        """Tell whether it starts with entries, or may."""
        return self.made[0] == "comp" or (bool(self.made[2 if self.made[0] == "call" else 1]) and self.kind != "none")


def unmangled(name: str) -> str:
    """Return a private name as it is written in its class: ``__x`` for ``_C__x``."""
    return _MANGLED.sub("", name)


def last_word(term: Term) -> str:
    """Return the last name of a term that is a name or an attribute, or the empty string."""
    return term[-1].rpartition(".")[2] if term[0] in {"name", "attr", "dotted", "cell"} else ""


def first_param(function: Function) -> Term | None:
    """Return the term of what a method is called on, its object or class; None for other functions."""
    bound = function.owner and function.kind != "staticmethod" and function.params and function.params[0].kind == "pos"
    return ("param", function.key, function.params[0].name) if bound else None


class Holders:
    """All holders of some modules of a program."""

    def __init__(self, heap: PointsTo, modules: tuple[str, ...], reported: frozenset[tuple[str, str]]) -> None:
        """Find the holders; ``reported`` are module and name of those that the analysis, or a run, says to leak."""
        self.heap = heap
        self._reported = reported
        self.all: dict[Key, HolderDefinition] = {}
        self.by_site: dict[Term, Key] = {}  # local containers by where they are made
        for module in modules:
            for holder in (*self._of_names(module), *self._of_functions(module)):
                if holder.key not in self.all or self.all[holder.key].kind == "none":
                    self.all[holder.key] = holder
                if holder.scope in _LOCAL and holder.kind != "object":
                    self.by_site[holder.made[-1]] = holder.key

    def _made(self, term: Term) -> tuple[str, str] | None:
        """Return which kind of container a term makes, and of which kind are those that it makes for missing keys."""
        if term[0] in {"dict", "list", "set"}:
            return (term[0], "")
        if term[0] == "comp":
            return (term[1], "") if term[1] != "generator" else None
        if term[0] == "op":
            return self._made(term[2][-1]) if term[1] in {"and", "or"} else None
        if term[0] == "call":
            return self._called(term)
        return ("none", "") if term[:2] == ("const", "None") else None

    def _called(self, term: Term) -> tuple[str, str] | None:
        word = last_word(term[1])
        if word in _FIELDS:
            default = dict(term[3]).get("default")
            return self._made(default) if default is not None else None
        kind, inner = _KINDS.get(word, "object"), ""
        size = dict(term[3]).get("maxlen", term[2][1] if len(term[2]) > 1 else None)
        if word == "deque" and size is not None and size[:2] != ("const", "None"):
            kind = "bounded"
        if word == "defaultdict" and term[2]:
            inner = last_word(term[2][0]) or "object"
            if term[2][0][0] == "func":
                function = self.heap.functions[term[2][0][1]]
                made = [self._made(event.terms[0]) for event in function.events if event.kind == "return"]
                inner = made[0][0] if made and made[0] is not None else "object"
        return (kind, inner)

    def _holder(
        self, scope: str, owner: str, word: str, term: Term, place: Place, module: str
    ) -> Iterator[HolderDefinition]:
        made = self._made(term)
        if made is not None:
            yield HolderDefinition(
                scope, owner, unmangled(word), term, place, self.heap.names.modules[module].path, *made
            )

    def _of_names(self, module: str) -> Iterator[HolderDefinition]:
        flow = self.heap.names.modules[module]
        for word, values in flow.names.items():
            for term, place, _ in values:
                yield from self._holder("module", f"{module}:", word, term, place, module)
        for key in flow.classes:
            for word, (term, place) in self.heap.names.classes[key].attributes.items():
                yield from self._holder("class", key, word, term, place, module)

    def _of_functions(self, module: str) -> Iterator[HolderDefinition]:
        for key in self.heap.names.modules[module].functions:
            function = self.heap.functions[key]
            for event in function.events:
                if event.kind == "setattr":
                    yield from self._of_attribute(event, function, module)
            for param in function.params:
                if param.default is not None and param.default[0] in {"dict", "list", "set", "call"}:
                    for one in self._holder("default", key, param.name, param.default, function.place, module):
                        if one.kind in {"dict", "list", "set"}:
                            yield one._replace(place=one.made[-1][1:5])
            for word, values in function.assigned.items():
                for term in (option for value in values for option in options(value)) if "@" not in word else ():
                    if term[0] in {"dict", "list", "set", "comp", "call"}:
                        yield from self._holder("closure", key, word, term, term[-1][1:5], module)

    def _of_attribute(self, event: Event, function: Function, module: str) -> Iterator[HolderDefinition]:
        """``C.reg = {}``, ``cls.reg = {}``, and ``self.reg = {}`` where ``self`` is a class or sits on one."""
        base, word, term = event.terms[0], event.name, event.terms[1]
        own = self.self_of(base)
        if own:
            scope = self._scope_of_self(own)
            if scope or (module, f"{qualname(own)}.{unmangled(word)}") in self._reported:
                yield from self._holder(scope or "object", own, word, term, event.place, module)
            return
        for value in self.heap.evaluate(base) if self._made(term) is not None else ():
            if value[0] in {"class", "func"}:
                scope = "class" if value[0] == "class" else "function"
                yield from self._holder(scope, value[1], word, term, event.place, module)

    def self_of(self, term: Term) -> str:
        """Return the class of the object that a term is, if that is what a method is called on; else nothing."""
        function = self.heap.functions.get(term[1]) if term[0] == "param" else None
        if function is None or function.kind != "method" or function.name == "__new__":
            return ""
        return function.owner if first_param(function) == term else ""

    def class_of_cls(self, term: Term) -> str:
        """Return the class that a term is, if that is what a class method is called on; else nothing."""
        function = self.heap.functions.get(term[1]) if term[0] == "param" else None
        return (
            function.owner if function is not None and first_param(function) == term and not self.self_of(term) else ""
        )

    def _scope_of_self(self, owner: str) -> str:
        classes = self.heap.classes
        if classes.is_metaclass(owner):
            return "metaclass"
        if any(classes.method(owner, name) for name in _DESCRIPTOR):
            return "descriptor"
        return "object" if owner in self._shared else ""

    @cached_property
    def _shared(self) -> frozenset[str]:
        """The classes of which an instance is made at module or class level: what that keeps is kept for good."""
        names = self.heap.names
        terms = [value[0] for module in names.modules.values() for values in module.names.values() for value in values]
        terms += [value[0] for klass in names.classes.values() for value in klass.attributes.values()]
        callees = {term[1] for term in terms if term[0] == "call"}
        made = (value[1] for callee in callees for value in self.heap.evaluate(callee) if value[0] == "class")
        return frozenset(above for key in made for above in self.heap.classes.order(key))

    def named(self, module: str, name: str, line: int = 0) -> HolderDefinition | None:
        """Return the holder of that name, also of a class above; of several the one that is made at ``line``."""
        owner, _, word = name.rpartition(".")
        word = unmangled(word)
        found = self._named.get((module, f"{owner}.{word}" if owner else word), [])
        at = [one for one in found if one.place[0] <= line <= one.place[2]]
        if at or found:
            return (at or found)[0]
        return self.on_class(f"{module}:{owner}", word) if owner else None

    @cached_property
    def _named(self) -> dict[tuple[str, str], list[HolderDefinition]]:
        found: dict[tuple[str, str], list[HolderDefinition]] = {}
        for holder in self.all.values():
            found.setdefault((holder.module, holder.name), []).append(holder)
        return found

    @cached_property
    def words(self) -> frozenset[str]:
        """The names of the holders that are attributes of classes or their objects."""
        return frozenset(self._owners)

    @cached_property
    def _owners(self) -> dict[str, dict[str, HolderDefinition]]:
        """The holders that are attributes, by their names and the classes that have them."""
        found: dict[str, dict[str, HolderDefinition]] = {}
        for scope in _OF_CLASSES:
            for holder in self.all.values():
                if holder.scope == scope:
                    found.setdefault(holder.word, {}).setdefault(holder.owner, holder)
        return found

    def having(self, word: str) -> set[str]:
        """Return the classes that have a holder by a name, or whose methods assign that to ``self``."""
        return {*self._owners.get(word, ()), *self._assigning.get(word, ())}

    def on_class(self, key: str, word: str) -> HolderDefinition | None:
        """Return the holder that is an attribute of a class or its objects: also of a base, or made by its metaclass."""
        owners = self._owners.get(unmangled(word))
        if owners is None:
            return None
        found = next((owners[one] for one in self.heap.classes.order(key) if one in owners), None)
        meta = self.heap.classes.metaclass(key) if found is None else None
        return self.on_class(meta, word) if meta is not None and meta != key else found

    def on_object(self, key: str, word: str) -> HolderDefinition | None:
        """Return the holder that is an attribute of the objects of a class: not one of the class that theirs hide."""
        holder = self.on_class(key, word)
        if holder is None or holder.scope != "class" or not self.is_assigned(key, word):
            return holder
        made = self.heap.names.classes[holder.owner].attributes.get(holder.word)
        return None if made is not None and made[1] == holder.place else holder

    def is_assigned(self, key: str, word: str) -> bool:
        """Tell whether ``self.word`` is assigned in a method of a class or of one above it."""
        return not self._assigning.get(unmangled(word), set()).isdisjoint(self.heap.classes.order(key))

    @cached_property
    def _assigning(self) -> dict[str, set[str]]:
        """By attribute the classes whose methods assign it to ``self``."""
        return sets_by_key((word, key) for key, words in self.assigned.items() for word in words)

    @cached_property
    def assigned(self) -> dict[str, set[str]]:
        """By class the names of the attributes that its methods assign to ``self``."""
        found: dict[str, set[str]] = {}
        for function in self.heap.functions.values():
            for event in function.events:
                if event.kind == "setattr" and (own := self.self_of(event.terms[0])):
                    found.setdefault(own, set()).add(unmangled(event.name))
        return found
