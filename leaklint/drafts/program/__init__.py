"""Facts of all files joined: who calls whom, who stores what where, and who removes it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import NamedTuple
from weakref import WeakValueDictionary

from leaklint.drafts.facts.model import UNKNOWN, Argument, Call, Decorator, Event, Function, Guard, Module, Span, Value
from leaklint.drafts.program.holders import Holder, Holders
from leaklint.drafts.program.observed import Observed, adopted, names_of
from leaklint.drafts.program.resolve import ClassRef, Found, Names
from leaklint.source import Source

__all__ = ["Callee", "ClassRef", "Found", "Holder", "Holders", "Maker", "Names", "Program", "Site", "Touch"]

_REMOVERS = frozenset({"pop", "remove", "discard", "popitem", "clear", "__delitem__", "popleft"})
_MOST_TEXT = 30_000_000  # characters of the files that are kept
_SHARED = frozenset({"global", "self", "cls", "super", "cell"})  # kinds of values that other functions see as well
_ADDERS = frozenset({"append", "add", "appendleft", "insert", "setdefault", "__setitem__"})


_NOWHERE = Span(1, 1, 1, 1)


class Callee(NamedTuple):
    """A function of the program as one call reaches it; ``shift`` parameters are filled by the call itself."""

    module: str
    function: Function
    shift: int
    made: ClassRef | None = None


class Site(NamedTuple):
    """A call of a function of the program.

    ``call`` is None for a use as decorator: ``value`` is what is decorated, ``given`` the arguments of ``@decorator(..)``.
    """

    module: str
    caller: Function
    callee: Callee
    call: Call | None
    value: Value = UNKNOWN
    span: Span = _NOWHERE
    given: tuple[Argument, ...] | None = None


class Maker(NamedTuple):
    """A place where an instance of a class of the program is made: in which function, inside which blocks."""

    module: Module
    function: Function
    guards: tuple[Guard, ...] = ()


class Touch(NamedTuple):
    """Something done to a holder: the event, where, and how many elements deep inside of it."""

    holder: Holder
    event: Event
    function: Function
    module: Module
    depth: int

    @property
    def guards(self) -> tuple[Guard, ...]:
        """Return the blocks around the event."""
        return self.event.guards


class Program:
    """All modules that a finding concerns, joined. ``sources`` gives back a module's file when an edit needs its tree."""

    def __init__(
        self,
        modules: Mapping[str, Module],
        sources: Mapping[str, Source | Callable[[], Source]],
        places: Mapping[str, tuple[str, str]] | None = None,
        observed: Sequence[Observed] = (),
    ) -> None:
        self.modules = modules
        self.places = dict(places or {})  # import root and absolute file of each module
        self.names = Names(modules)
        self.holders = Holders(self.names, names_of(observed, self.places))
        self._sources = dict(sources)
        # Those that were read, and of these the last ones asked for: together all may be very large.
        self._read: WeakValueDictionary[str, Source] = WeakValueDictionary()
        self._kept: dict[str, Source] = {}
        self._kept_size = 0
        self.sites: dict[tuple[str, str], list[Site]] = {}
        self.makers: dict[ClassRef, list[Maker]] = {}
        self.mends = True  # whether repairs are worked out; until all files are known that matter, they are not
        self.asked: set[str] = set()  # classes and makers of which it mattered who uses them: other files may
        self.lacking: set[str] = set()  # classes of which it mattered what they are: another file may define them
        # By module: functions that fill or empty a container which may leak, and its names. Other files may use them.
        self.open: dict[str, tuple[set[str], set[str]]] = {}
        self._collect_sites()
        self.touches: dict[tuple[str, str, str], list[Touch]] = {}
        self._collect_touches()
        self.adopted = {one.holder.key: one for one in adopted(self, observed)}  # what a run has shown of holders
        for key, one in self.adopted.items():
            self.touches.setdefault(key, []).extend(one.stores)

    def source(self, module: str) -> Source:
        """Return the file of a module; it is read again if nobody has kept it."""
        given = self._sources[module]
        if isinstance(given, Source):
            return given
        source = self._kept.pop(module, None)
        if source is None:
            source = self._read.get(module) or given()
            self._read[module] = source
            self._kept_size += len(source.text)
        self._kept[module] = source
        while self._kept_size > _MOST_TEXT and len(self._kept) > 1:
            self._kept_size -= len(self._kept.pop(next(iter(self._kept))).text)
        return source

    def leave_open(self, holder: Holder, callers: int = 0) -> None:
        """Note that who else fills or empties ``holder`` would decide whether it leaks, and so many callers of callers."""
        self.open.setdefault(holder.module, (set(), set()))[1].add(holder.binding.name)
        around = {(holder.module, holder.name)} if "<locals>" in holder.name else set()
        new = {(touch.module.name, touch.function.qualname) for touch in self.touches[holder.key]}
        calling = set(new)
        for _ in range(callers):
            sites = (site for function in new for site in self.sites.get(function, ()))
            new = {(site.module, site.caller.qualname) for site in sites if site.caller.name} - calling
            calling |= new
        around |= {(module, f"{name}.<locals>") for module, name in calling}
        for module, name in around:
            names = {part.rpartition(".")[2] for part in name.split(".<locals>")[:-1]}
            functions = {name for name in names if not name.startswith("__")}
            self.open.setdefault(module, (set(), set()))[0].update(functions)

    def functions(self) -> Iterator[tuple[Module, Function]]:
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
                    meant = self.holders.meant(value, module.body, module)
                    if meant is not None:
                        found.setdefault(meant[0].key, set()).add(name)
        return {key: frozenset(names) for key, names in found.items()}

    @cached_property
    def local_names(self) -> dict[str, frozenset[str]]:
        """Return by the name of what is imported the names that imports bind to it."""
        found: dict[str, set[str]] = {}
        for module in self.modules.values():
            for local, dotted in module.imports.items():
                found.setdefault(dotted.rpartition(".")[2], set()).add(local)
        return {name: frozenset(locals_) for name, locals_ in found.items()}

    @cached_property
    def handed_on(self) -> frozenset[str]:
        """Return the last names of all that is given to any call."""
        return frozenset(
            value.path[-1]
            for _, function in self.functions()
            for call in function.calls
            for argument in call.arguments
            for value in argument.values
            if value.path and value.kind in {"global", "self", "cls"}
        )

    @cached_property
    def called_on_unknown(self) -> frozenset[str]:
        """Return the names of methods that are called on objects of which nothing tells the class."""
        return frozenset(
            value.path[-1]
            for _, function in self.functions()
            for call in function.calls
            for value in call.callee
            if len(value.path) > 1 and value.kind in {"param", "self", "unknown"}
        )

    def _collect_sites(self) -> None:
        """Who calls what, and where instances are made."""
        for module, function in self.functions():
            for call in function.calls:
                for value in call.callee:
                    callee = self.callee(value, function, module)
                    if callee is not None:
                        self._used(Site(module.name, function, callee, call, span=call.span))
                        made = callee.made
                    else:  # a class without a constructor
                        made = self._class_called(value, function, module)
                    if made is not None:
                        self._made_by(made, Maker(module, function, call.guards))
            for decorator in function.decorators:
                self._decorated(decorator, Value("function", name=function.qualname), module, function)
        for module in self.modules.values():
            for klass in module.classes.values():
                for decorator in klass.decorators:
                    value = Value("global", tuple(klass.qualname.split(".")))
                    self._decorated(decorator, value, module, module.body)
                for binding in klass.attributes:
                    if binding.made.maker is not None:
                        self._made_by(self.names.as_class(module.name, binding.made.maker), Maker(module, module.body))

    def _made_by(self, ref: ClassRef | None, maker: Maker) -> None:
        if ref is not None:
            self.makers.setdefault(ref, []).append(maker)

    def _class_called(self, value: Value, function: Function, module: Module) -> ClassRef | None:
        if value.kind == "cls" and not value.path:
            return self.holders.owner_of(function, module)
        return self.names.as_class(module.name, value) if value.kind == "global" and "[]" not in value.path else None

    def _decorated(self, decorator: Decorator, value: Value, module: Module, function: Function) -> None:
        scope = self._around(function, module)
        callee = self.callee(decorator.value, scope, module)
        if callee is None:
            return
        given = decorator.arguments if decorator.called else None
        self._used(Site(module.name, scope, callee, None, value, decorator.span, given))
        self._made_by(callee.made, Maker(module, scope))
        inner = self._returned(callee) if decorator.called and callee.made is None else None
        if inner is not None:  # ``@factory(..)``: what the factory returns is called with what is decorated
            self._used(Site(module.name, scope, inner, None, value, decorator.span))

    def _used(self, site: Site) -> None:
        self.sites.setdefault((site.callee.module, site.callee.function.qualname), []).append(site)

    def _returned(self, callee: Callee) -> Callee | None:
        """Return the function defined in ``callee`` that a call of it gives back."""
        functions = self.modules[callee.module].functions
        names = [v.name for way in callee.function.returns for v in way if v.kind == "function" and v.name in functions]
        return Callee(callee.module, functions[names[0]], 0) if names else None

    @staticmethod
    def _around(function: Function, module: Module) -> Function:
        """A decorator runs in the scope around the definition."""
        name = function.parent
        while name:
            if name in module.functions:
                return module.functions[name]
            name = name.rpartition(".")[0].removesuffix(".<locals>")
        return module.body

    def callee(self, value: Value, function: Function, module: Module) -> Callee | None:
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

    def _global_callee(self, found: Found) -> Callee | None:
        if found.kind == "function" and not found.rest:
            function = self.modules[found.module].functions[found.name]
            return Callee(found.module, function, 1 if function.kind == "classmethod" else 0)
        if found.kind == "class":
            ref = ClassRef(found.module, found.name)
            if not found.rest:
                return self._constructor(ref)
            if len(found.rest) == 1:
                return self._method(ref, found.rest[0], bound=False)
        if found.kind == "binding" and len(found.rest) == 1:
            owner = self.holders.class_of_object(found.module, found.name)
            return self._method(owner, found.rest[0], bound=True) if owner is not None else None
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

    def _collect_touches(self) -> None:
        for module, function in self.functions():
            for event in function.events:
                seen = set()
                for value in event.target:
                    meant = self.holders.meant(value, function, module)
                    if meant is not None and meant[0].key not in seen:
                        seen.add(meant[0].key)
                        self._touch(Touch(meant[0], event, function, module, meant[1]))
            for call in function.calls:
                self._given_away(call, function, module)
                self._element_called(call, function, module)

    def _element_called(self, call: Call, function: Function, module: Module) -> None:
        """``for callback in CALLBACKS: callback()``: a registry of functions or classes."""
        for value in call.callee:
            meant = self.holders.meant(value, function, module) if value.path[-1:] == ("[]",) else None
            if meant is not None:
                self._touch(Touch(meant[0], Event("call", "()", (value,), (), (), call.span, ()), function, module, 1))

    def _touch(self, touch: Touch) -> None:
        self.touches.setdefault(touch.holder.key, []).append(touch)

    def _given_away(self, call: Call, function: Function, module: Module) -> None:
        """A holder, or a method of one, handed to a call: ``finalize(x, REG.pop, k)``, ``prune(REG)``, ``add = REG.append``."""
        for argument in call.arguments:
            for value in argument.values:
                if value.kind not in _SHARED:
                    continue
                if value.path:
                    self._handed_method(value, call, argument, function, module)
                meant = self.holders.meant(value, function, module)
                if meant is not None and meant[0].kind != "none":
                    self._handed_whole(meant[0], call, argument, function, module)
        for value in call.callee:
            if value.kind == "global" and len(value.path) == 1 and value.path[0] in module.aliases:
                self._through_name(value.path[0], call, function, module)

    def _handed_method(self, value: Value, call: Call, argument: Argument, function: Function, module: Module) -> None:
        if value.path[-1] in _REMOVERS:
            meant = self.holders.meant(Value(value.kind, value.path[:-1], value.name), function, module)
            if meant is not None:
                event = Event("remove", "callback", argument.values, (), (), call.span, ())
                self._touch(Touch(meant[0], event, function, module, meant[1]))

    def _handed_whole(self, holder: Holder, call: Call, argument: Argument, function: Function, module: Module) -> None:
        for value in call.callee:
            callee = self.callee(value, function, module)
            if callee is None:
                continue
            for param in callee.function.params:
                site = Site(module.name, function, callee, call)
                if self.argument(site, param.name) == argument.values:
                    for event in callee.function.events:
                        if not function.name and event.op == "store":
                            continue  # handed over while modules are imported: filled once
                        if any(v.kind == "param" and v.name == param.name for v in event.target):
                            depth = max(len(v.path) for v in event.target)
                            self._touch(Touch(holder, event, callee.function, self.modules[callee.module], depth))

    def _through_name(self, name: str, call: Call, function: Function, module: Module) -> None:
        for value in module.aliases[name]:
            if value.kind == "global" and value.path[-1:] and value.path[-1] in _ADDERS | _REMOVERS:
                meant = self.holders.meant(Value(value.kind, value.path[:-1], value.name), module.body, module)
                if meant is not None:
                    how = value.path[-1]
                    given = tuple(v for a in call.arguments for v in a.values)
                    op = "store" if how in _ADDERS else "remove"
                    event = Event(op, how, (value,), (), given if op == "store" else (), call.span, call.guards)
                    self._touch(Touch(meant[0], event, function, module, meant[1]))
