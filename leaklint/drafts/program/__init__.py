"""Facts of all files joined: who calls whom, with what, and which container an expression means."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import NamedTuple
from weakref import WeakValueDictionary

from leaklint.drafts.facts.model import (
    UNKNOWN,
    Argument,
    CallFact,
    DecoratorFact,
    FunctionFacts,
    ModuleFacts,
    Span,
    Value,
)
from leaklint.drafts.program.holders import HolderFacts, Holders
from leaklint.drafts.program.reported import ReportedHolder, StorePlace
from leaklint.drafts.program.resolve import ClassRef, NameResolver, Referent
from leaklint.source import Source

__all__ = ["Callee", "ClassRef", "HolderFacts", "Holders", "NameResolver", "Program", "Referent", "Site"]

_MOST_TEXT = 30_000_000  # characters of the files that are kept
_NOWHERE = Span(1, 1, 1, 1)


class Callee(NamedTuple):
    """A function of the program as one call reaches it; ``shift`` parameters are filled by the call itself."""

    module: str
    function: FunctionFacts
    shift: int
    made: ClassRef | None = None


class Site(NamedTuple):
    """A call of a function of the program.

    ``call`` is None for a use as decorator: ``value`` is what is decorated, ``given`` the arguments of ``@decorator(..)``.
    """

    module: str
    caller: FunctionFacts
    callee: Callee
    call: CallFact | None
    value: Value = UNKNOWN
    span: Span = _NOWHERE
    given: tuple[Argument, ...] | None = None


class Program:
    """All modules that a finding concerns, joined. ``sources`` gives back a module's file when an edit needs its tree."""

    def __init__(
        self,
        modules: Mapping[str, ModuleFacts],
        sources: Mapping[str, Source | Callable[[], Source]],
        places: Mapping[str, tuple[str, str]] | None = None,
        reported: Sequence[ReportedHolder] = (),
    ) -> None:
        """Join modules; ``reported`` are the containers that leak, ``places`` import root and absolute file of each module."""
        self.modules = modules
        self.places = dict(places or {})
        self.names = NameResolver(modules)
        self.holders = Holders(self.names, frozenset((one.module, one.name) for one in reported))
        self._sources = dict(sources)
        # Those that were read, and of these the last ones asked for: together all may be very large.
        self._read: WeakValueDictionary[str, Source] = WeakValueDictionary()
        self._recent: dict[str, Source] = {}
        self._recent_size = 0
        self.sites: dict[tuple[str, str], list[Site]] = {}
        self._collect_sites()
        self.reported: dict[
            tuple[str, str, str], list[StorePlace]
        ] = {}  # by the key of a holder that leaks: where it grows
        for one in reported:
            holder = self.holders.named(one.module, one.name)
            if holder is not None:
                self.reported.setdefault(holder.key, []).extend(one.stores)

    def source(self, module: str) -> Source:
        """Return the file of a module; it is read again if nobody has kept it."""
        given = self._sources[module]
        if isinstance(given, Source):
            return given
        source = self._recent.pop(module, None)
        if source is None:
            source = self._read.get(module) or given()
            self._read[module] = source
            self._recent_size += len(source.text)
        self._recent[module] = source
        while self._recent_size > _MOST_TEXT and len(self._recent) > 1:
            self._recent_size -= len(self._recent.pop(next(iter(self._recent))).text)
        return source

    def functions(self) -> Iterator[tuple[ModuleFacts, FunctionFacts]]:
        """Yield every function, and every module's own body as a function without a name."""
        for module in self.modules.values():
            for function in module.functions.values():
                yield module, function
            yield module, module.body

    @cached_property
    def aliases(self) -> dict[tuple[str, str, str], frozenset[str]]:
        """Return by the key of a holder the module-level names that are bound to it."""
        found: dict[tuple[str, str, str], set[str]] = {}
        for module in self.modules.values():
            for name, values in module.aliases.items():
                for value in values:
                    resolved = self.holders.resolve(value, module.body, module)
                    if resolved is not None:
                        found.setdefault(resolved[0].key, set()).add(name)
        return {key: frozenset(names) for key, names in found.items()}

    @cached_property
    def local_names(self) -> dict[str, frozenset[str]]:
        """Return by the name of what is imported the names that imports bind to it."""
        found: dict[str, set[str]] = {}
        for module in self.modules.values():
            for local, dotted in module.imports.items():
                found.setdefault(dotted.rpartition(".")[2], set()).add(local)
        return {name: frozenset(locals_) for name, locals_ in found.items()}

    def _collect_sites(self) -> None:
        """Who calls what."""
        for module, function in self.functions():
            for call in function.calls:
                for value in call.callee:
                    callee = self.callee(value, function, module)
                    if callee is not None:
                        self._used(Site(module.name, function, callee, call, span=call.span))
            for decorator in function.decorators:
                self._decorated(decorator, Value("function", name=function.qualname), module, function)
        for module in self.modules.values():
            for klass in module.classes.values():
                for decorator in klass.decorators:
                    value = Value("global", tuple(klass.qualname.split(".")))
                    self._decorated(decorator, value, module, module.body)

    def _decorated(self, decorator: DecoratorFact, value: Value, module: ModuleFacts, function: FunctionFacts) -> None:
        scope = self._around(function, module)
        callee = self.callee(decorator.value, scope, module)
        if callee is None:
            return
        given = decorator.arguments if decorator.called else None
        self._used(Site(module.name, scope, callee, None, value, decorator.span, given))
        inner = self._returned(callee) if decorator.called and callee.made is None else None
        if inner is not None:  # ``@factory(..)``: what the factory returns is called with what is decorated
            self._used(Site(module.name, scope, inner, None, value, decorator.span))

    def _used(self, site: Site) -> None:
        self.sites.setdefault((site.callee.module, site.callee.function.qualname), []).append(site)

    def _returned(self, callee: Callee) -> Callee | None:
        """Return the function defined in ``callee`` that a call of it gives back."""
        functions = self.modules[callee.module].functions
        names = [
            v.name for values in callee.function.returns for v in values if v.kind == "function" and v.name in functions
        ]
        return Callee(callee.module, functions[names[0]], 0) if names else None

    @staticmethod
    def _around(function: FunctionFacts, module: ModuleFacts) -> FunctionFacts:
        """A decorator runs in the scope around the definition."""
        name = function.parent
        while name:
            if name in module.functions:
                return module.functions[name]
            name = name.rpartition(".")[0].removesuffix(".<locals>")
        return module.body

    def callee(self, value: Value, function: FunctionFacts, module: ModuleFacts) -> Callee | None:
        """Return the function of the program that a call of ``value`` inside ``function`` runs, if it is known."""
        if value.kind == "global" and "[]" not in value.path:
            return self._global_callee(self.names.find(module.name, value.path))
        if value.kind == "function" and value.name in module.functions:
            return Callee(module.name, module.functions[value.name], 0)
        if value.kind in {"self", "cls", "super"} and len(value.path) == 1:
            owner = self.holders.owner_of(function, module)
            if owner is None:
                return None
            for one in self.names.ancestors(owner)[1 if value.kind == "super" else 0 :]:
                found = self.modules[one.module].functions.get(f"{one.name}.{value.path[0]}")
                if found is not None:
                    return Callee(one.module, found, 0 if found.kind == "staticmethod" else 1)
        if value.kind == "cls" and not value.path:
            owner = self.holders.owner_of(function, module)
            return self._constructor(owner) if owner is not None else None
        return None

    def _global_callee(self, referent: Referent) -> Callee | None:
        if referent.kind == "function" and not referent.rest:
            function = self.modules[referent.module].functions[referent.name]
            return Callee(referent.module, function, 1 if function.kind == "classmethod" else 0)
        if referent.kind == "class":
            ref = ClassRef(referent.module, referent.name)
            if not referent.rest:
                return self._constructor(ref)
            if len(referent.rest) == 1:
                return self._method(ref, referent.rest[0], bound=False)
        if referent.kind == "binding" and len(referent.rest) == 1:
            owner = self.holders.class_of_object(referent.module, referent.name)
            return self._method(owner, referent.rest[0], bound=True) if owner is not None else None
        return None

    def _constructor(self, ref: ClassRef) -> Callee | None:
        for name in ("__init__", "__new__"):
            found = self.names.method(ref, name)
            if found is not None:
                return Callee(found[0].module, found[1], 1, ref)
        return None

    def _method(self, ref: ClassRef, name: str, *, bound: bool) -> Callee | None:
        found = self.names.method(ref, name)
        if found is None:
            return None
        shift = 1 if found[1].kind == "classmethod" or (bound and found[1].kind == "method") else 0
        return Callee(found[0].module, found[1], shift)

    def argument(self, site: Site, param: str) -> tuple[Value, ...]:
        """Return what a call gives for a parameter, in the terms of the caller."""
        params = [p for p in site.callee.function.params if p.kind == "pos"]
        names = [p.name for p in params]
        if site.call is None and site.given is None:
            place = site.callee.shift
            return (site.value,) if place < len(names) and names[place] == param else (UNKNOWN,)
        arguments = site.call.arguments if site.call is not None else site.given or ()
        for argument in arguments:
            if argument.name == param:
                return argument.values
        positional = [a for a in arguments if a.name in {"", "*"}]
        if param in names:
            place = names.index(param) - site.callee.shift
            if 0 <= place < len(positional) and positional[place].name == "":
                return positional[place].values
        return ()
