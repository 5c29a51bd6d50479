"""What repairs may ask: the files that findings concern, and what the value flow and the heap say of all files."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property, wraps
from typing import NamedTuple, TypeVar
from weakref import WeakKeyDictionary

from leaklint.deep import deep_recursion
from leaklint.flow.expressions import Place
from leaklint.flow.model import Function, Module
from leaklint.flow.terms import Term, options
from leaklint.heap.effects import Call
from leaklint.heap.retention import Heap
from leaklint.repairs.holders import HolderDefinition, Holders, Key, first_param, last_word, unmangled
from leaklint.repairs.terms import FileTerms, read_terms
from leaklint.source import Source, SourceError, Span, TreeError

ATTRIBUTE = r"\.[\s\\]*"  # what stands before the name of an attribute
_HOPS = 8  # how many names are followed, one through another: two that name each other would be followed for ever
T = TypeVar("T")


class StorePlace(NamedTuple):
    """A place at which a container grows, in a ``module`` of the program (empty for a file that is not part of it).

    ``end_line`` is the last line of the storing statement or call, which ``span`` gives exactly where it is known. ``seen``
    says that a run saw it, while the ``function`` ran: its qualified name, or the last part of it.
    """

    module: str
    path: str
    line: int
    end_line: int
    span: Span | None = None
    seen: bool = False
    function: str = ""


class ReportedHolder(NamedTuple):
    """A container that leaks: module and name of its holder, and where it grows. ``name`` is as ``Holders.named`` takes it."""

    module: str
    name: str
    stores: tuple[StorePlace, ...] = ()


class Callee(NamedTuple):
    """What a call runs: a function of the program whose first ``shift`` parameters it fills itself, or a class."""

    key: str
    shift: int = 0
    is_class: bool = False


class Program:
    """The heap of a program, and the texts of those of its files that findings concern."""

    def __init__(
        self,
        heap: Heap,
        sources: Mapping[str, Source],
        reported: Sequence[ReportedHolder] = (),
        others: Callable[[str], Source | None] = lambda _: None,
    ) -> None:
        """Take texts by module; ``reported`` are the containers that leak, ``others`` gives the text of any other module."""
        self.heap, self.points_to = heap, heap.points_to
        self.names, self.classes, self.functions = (
            self.points_to.names,
            self.points_to.classes,
            self.points_to.functions,
        )
        self.modules: dict[str, Module] = {name: self.names.modules[name] for name in sources}
        self._sources, self._others = dict(sources), others
        self._terms: dict[str, FileTerms] = {}
        self._said: dict[tuple[str, str], list[str]] = {}
        named = frozenset((one.module, ".".join(map(unmangled, one.name.split(".")))) for one in reported)
        self.holders = Holders(self.points_to, tuple(sources), named)
        self.reported: dict[Key, list[StorePlace]] = {}  # where a holder that leaks grows
        for one in reported:
            holder = self.holders.named(one.module, one.name)
            if holder is not None:
                self.reported.setdefault(holder.key, []).extend(one.stores)

    def source(self, module: str) -> Source:
        """Return the file of a module. Raises ``TreeError``."""
        source = self._sources.get(module) or self._others(module)
        if source is None:
            raise TreeError(f"{self.names.modules[module].path} could not be read")
        return source

    def terms(self, module: str) -> FileTerms:
        """Return what the expressions of a file denote, read once."""
        if module not in self._terms:
            source = self.source(module)
            was_parsed = "tree" in source.__dict__
            try:
                with deep_recursion():
                    self._terms[module] = read_terms(source.tree, self.names.modules[module])
            except SourceError as error:
                raise TreeError(f"{source.path} cannot be parsed: {error.message}") from error
            if not was_parsed:
                source.drop_trees()
        return self._terms[module]

    @cached_property
    def local_names(self) -> dict[str, frozenset[str]]:
        """Return by the name of what is imported, or bound to a module-level name, the names that are bound to it."""
        found: dict[str, set[str]] = {}
        for module in self.modules.values():
            for local, dotted in module.imports.items():
                found.setdefault(dotted.rpartition(".")[2], set()).add(local)
            for local, values in module.names.items():
                for word in {last_word(term) for term, _, _ in values} - {""}:
                    found.setdefault(word, set()).add(local)
        return {name: frozenset(locals_) for name, locals_ in found.items()}

    def saying(self, word: str, before: str = r"\b") -> list[str]:
        """Return the modules in whose text ``word`` is a word that follows what a pattern matches."""
        if (word, before) not in self._said:
            pattern = re.compile(rf"{before}{re.escape(word)}\b")
            texts = ((module, self.source(module).text) for module in self.modules)
            found = [module for module, text in texts if word in text and pattern.search(text)]
            self._said[word, before] = found
        return self._said[word, before]

    def attributes(self, name: str, beside: Iterable[str] = ()) -> Iterator[tuple[str, Place, Term]]:
        """Yield the expressions that ask for an attribute of that name: module, place and term.

        With ``beside`` only those in files that say one of some words.
        """
        modules = {module for word in beside for module in self.saying(word)}
        for module in self.saying(name, ATTRIBUTE):
            if not beside or module in modules:
                yield from ((module, place, term) for place, term in self.terms(module).attributes.get(name, ()))

    def owner_of(self, function: Function) -> str:
        """Return the class whose method a function is, also of a function inside a method; empty for others."""
        while not function.owner and function.kind != "class" and function.parent:
            function = self.functions[function.parent]
        return function.key if function.kind == "class" else function.owner

    def calls(self, key: str) -> list[Call]:
        """Return the calls of a function in the files that findings concern, those as a decorator left out.

        Nobody calls the method of a metaclass that makes objects: what their makers do with them tells nothing of it.
        """
        function = self.functions[key]
        if function.name == "__call__" and self.classes.is_metaclass(function.owner):
            return []
        found = (call for call in self.heap.effects.calls.get(key, ()) if self.module_of(call.caller) in self.modules)
        return [call for call in found if (self.module_of(call.caller), call.event.place) not in self._decorators]

    @cached_property
    def _decorators(self) -> frozenset[tuple[str, Place]]:
        """The modules and places of all decorators."""
        found = {(self.module_of(key), one.place) for key, made in self.functions.items() for one in made.decorators}
        classes = self.names.classes.items()
        return frozenset(found | {(self.module_of(key), one.place) for key, made in classes for one in made.decorators})

    @staticmethod
    def module_of(key: str) -> str:
        """Return the name of the module of a function or class."""
        return key.partition(":")[0]

    def place(self, call: Call) -> str:
        """Return ``path:line`` of a call."""
        return f"{self.names.modules[self.module_of(call.caller)].path}:{call.event.place[0]}"

    def callee(self, term: Term, hops: int = _HOPS) -> Callee | None:
        """Return what a call of a term runs, decorators left aside; None where that is not one thing of the program."""
        if not hops:
            return None
        if term[0] in {"func", "class"}:
            return Callee(term[1], 0, term[0] == "class")
        if term[0] in {"name", "dotted"}:
            return self._named(self.names.name(*term[1:]) if term[0] == "name" else self.names.dotted(term[1]), hops)
        if term[0] == "call":  # a local function as its decorators make it
            return (
                self.callee(term[2][0], hops - 1) if len(term[2]) == 1 and term[2][0][0] in {"func", "call"} else None
            )
        if term[0] in {"cell", "fresh"}:
            given = self.points_to.cell(term) if term[0] == "cell" else ()
            return self.callee(given[0], hops - 1) if len(given) == 1 else None
        if term[0] == "attr":
            found = {self._attribute(value, term[2], hops) for value in self.points_to.evaluate(term[1])}
            return found.pop() if len(found) == 1 else None
        own = self.holders.class_of_cls(term)
        return Callee(own, 0, is_class=True) if own else None

    def _named(self, found: Term, hops: int) -> Callee | None:
        if found[0] == "attr":
            return self.callee(found, hops - 1)
        if found[0] != "global":
            return Callee(found[1], 0, found[0] == "class") if found[0] in {"class", "func"} else None
        key = f"{found[1]}:{found[2]}"
        if key in self.names.classes or key in self.functions:
            return Callee(key, 0, key in self.names.classes)
        values = self.names.assigned_to(found)
        terms = [term for term in values if term[0] in {"name", "attr", "dotted"}]
        return self.callee(terms[0], hops - 1) if len(terms) == len(values) == 1 else None

    def _attribute(self, value: Term, word: str, hops: int) -> Callee | None:
        if value[0] == "module":
            known = value[1] in self.names.modules
            return self._named(self.names.in_module(value[1], word) or value if known else value, hops)
        if value[0] not in {"self", "inst", "class", "super"} or value[1] not in self.names.classes:
            return None
        order = self.classes.order(value[1])[1 if value[0] == "super" else 0 :]
        key = next((found for one in order if (found := self.names.classes[one].methods.get(word))), None)
        if key is None:
            inner = f"{value[1]}.{word}"
            return Callee(inner, 0, is_class=True) if value[0] == "class" and inner in self.names.classes else None
        kind = self.functions[key].kind
        return Callee(key, int(kind == "classmethod" or (value[0] != "class" and kind == "method")))

    def class_made(self, term: Term) -> str:
        """Return the class of the program that a call makes an instance of, empty for any other term."""
        callee = self.callee(term[1]) if term[0] == "call" else None
        return callee.key if callee is not None and callee.is_class else ""

    def outside(self, term: Term) -> str:
        """Return the dotted name of what a term names outside of the program, or the empty string."""
        values = self.points_to.evaluate(term) if term[0] in {"name", "attr", "dotted"} else ()
        names = {value[1].removeprefix("?.") if value[0] == "ext" else "" for value in values}
        return names.pop() if len(names) == 1 else ""

    def is_self(self, term: Term) -> bool:
        """Tell whether a term is the object of a method, and no part of it."""
        return all(self.holders.self_of(one) for one in options(term))

    def attribute_of_self(self, term: Term) -> str:
        """Return ``x`` for ``self.x``, and nothing for any other term."""
        own = term[0] == "attr" and self.holders.self_of(term[1])
        return term[2] if own else ""

    def own_method(self, term: Term) -> Function | None:
        """Return the method that ``self.x`` is, if that is what a term is and the program defines it as one."""
        key = self.classes.method(self.holders.self_of(term[1]), term[2]) if self.attribute_of_self(term) else None
        return self.functions[key] if key is not None and self.functions[key].kind == "method" else None

    def overridden(self, key: str, name: str) -> bool:
        """Tell whether a class below one has an attribute or method of that name of its own."""
        return any(name in self.names.classes[one].attributes for one in self.heirs(key))

    def heirs(self, key: str) -> list[str]:
        """Return the classes below a class."""
        return sorted(self.classes.below(key) - {key})

    def methods(self, key: str) -> Iterator[Function]:
        """Yield the functions in the body of a class."""
        yield from self._methods.get(key, ())

    @cached_property
    def _methods(self) -> dict[str, list[Function]]:
        found: dict[str, list[Function]] = {}
        for function in self.functions.values():
            found.setdefault(function.owner, []).append(function)
        return found


def parameter(program: Program, term: Term) -> bool:
    """Tell whether a term is a parameter that callers give, not what a method is called on."""
    return term[0] == "param" and first_param(program.functions[term[1]]) != term


def short(key: str) -> str:
    """Return the last part of the name of a class."""
    return key.rpartition(":")[2].rpartition(".")[2]


def once(function: Callable[[Program], T]) -> Callable[[Program], T]:
    """Remember what a function returns for a program, for as long as that lives.

    What it returns must not lead back to the program, which would then never be let go of.
    """
    known: WeakKeyDictionary[Program, T] = WeakKeyDictionary()

    @wraps(function)
    def remembered(program: Program) -> T:
        if program not in known:
            known[program] = function(program)
        return known[program]

    return remembered


__all__ = ["Callee", "HolderDefinition", "Program", "ReportedHolder", "StorePlace", "once", "short"]
