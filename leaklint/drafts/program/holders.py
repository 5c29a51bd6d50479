"""Holders: the containers that live as long as the process, and which of them an expression means."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import NamedTuple

from leaklint.drafts.facts.model import Binding, FunctionFacts, ModuleFacts, Value
from leaklint.drafts.program.resolve import ClassRef, NameResolver

CONTAINERS = frozenset({"dict", "list", "set"})
_MEANING = frozenset({"global", "cell", "param", "self", "cls", "super"})  # kinds of values that may mean a holder
_HOPS = 8  # how many names are followed, one through another: two that name each other would be followed for ever
_DESCRIPTOR = ("__get__", "__set__", "__set_name__")


class HolderFacts(NamedTuple):
    """A container of process lifetime.

    ``scope``: ``class``, ``module``, ``default`` (a default argument), ``closure`` (a local of a function that its inner
    functions fill), ``metaclass`` (made on each class by the metaclass), ``descriptor`` (an attribute of an object that
    sits on a class), ``object`` (an attribute of an object that sits in a module or on a class), ``function`` (an
    attribute of a function or method). ``name`` is the
    attribute path inside ``module`` or, where there is none, ``function.<locals>.name``; ``owner`` the class, if any.
    """

    scope: str
    module: str
    name: str
    owner: ClassRef | None
    binding: Binding
    path: str

    @property
    def kind(self) -> str:
        """Return dict, list, set, weak, bounded or object."""
        return self.binding.made.kind

    @property
    def symbol(self) -> str:
        """Return ``pkg.mod:Class.attr``."""
        return f"{self.module}:{self.name}"

    @property
    def key(self) -> tuple[str, str, str]:
        """Return what tells holders apart."""
        return (self.scope, self.module, self.name)


class Holders:
    """All holders of a program, and the way from an expression to the holder that it means."""

    def __init__(self, names: NameResolver, reported: frozenset[tuple[str, str]] = frozenset()) -> None:
        """Find the holders; ``reported`` are module and name of those that the analysis, or a run, says to leak."""
        self.names = names
        self.modules = names.modules
        self._reported = reported
        self.all: dict[tuple[str, str, str], HolderFacts] = {}
        self._objects: dict[tuple[str, str], ClassRef | None] = {}
        self._owner_of: dict[tuple[str, str], ClassRef | None] = {}
        self._shared = self._shared_classes()
        for module in names.modules.values():
            for holder in self._of_module(module):
                key = holder.key
                if key not in self.all or self.all[key].kind == "none":
                    self.all[key] = holder

    def _of_module(self, module: ModuleFacts) -> Iterator[HolderFacts]:
        for binding in module.bindings:
            if binding.target.kind == "global" and not binding.target.path:
                yield HolderFacts("module", module.name, binding.name, None, binding, module.path)
            else:
                yield from self._by_attribute(binding, module.body, module)
        for klass in module.classes.values():
            ref = ClassRef(module.name, klass.qualname)
            for binding in klass.attributes:
                if binding.target.path:  # ``method.cache = {}`` in the class body
                    yield from self._by_attribute(binding, module.body, module)
                else:
                    yield HolderFacts(
                        "class", module.name, f"{klass.qualname}.{binding.name}", ref, binding, module.path
                    )
        for function in module.functions.values():
            for binding in function.locals:
                yield from self._of_local(binding, function, module)

    def _of_local(self, binding: Binding, function: FunctionFacts, module: ModuleFacts) -> Iterator[HolderFacts]:
        kind = binding.target.kind
        if kind == "param":
            name = f"{function.qualname}.<locals>.{binding.name}"
            yield HolderFacts("default", module.name, name, None, binding, module.path)
        elif kind == "cell":
            name = f"{function.qualname}.<locals>.{binding.name}"
            yield HolderFacts("closure", module.name, name, None, binding, module.path)
        elif kind == "global" and len(binding.target.path) == 1 and binding.target.path[0] == binding.name:
            yield HolderFacts("module", module.name, binding.name, None, binding, module.path)
        else:
            yield from self._by_attribute(binding, function, module)

    def _by_attribute(self, binding: Binding, function: FunctionFacts, module: ModuleFacts) -> Iterator[HolderFacts]:
        """``C.reg = {}``, ``cls.reg = {}``, and ``self.reg = {}`` where ``self`` is a class or sits on one."""
        target = binding.target
        owner = ClassRef(module.name, function.owner) if function.owner in module.classes else None
        if target.kind == "cls" and owner is not None and len(target.path) == 1:
            yield HolderFacts("class", module.name, f"{owner.name}.{binding.name}", owner, binding, module.path)
        elif target.kind == "global" and len(target.path) > 1:
            found = self.names.find(module.name, target.path[:-1])
            if found.kind == "class" and not found.rest:
                ref = ClassRef(found.module, found.name)
                yield HolderFacts("class", found.module, f"{found.name}.{binding.name}", ref, binding, module.path)
            elif found.kind == "function" and not found.rest:
                yield HolderFacts("function", found.module, f"{found.name}.{binding.name}", None, binding, module.path)
        elif target.kind == "self" and owner is not None and len(target.path) == 1:
            scope = self._scope_of_self(owner, function)
            name = f"{owner.name}.{binding.name}"
            if scope or (module.name, name) in self._reported:
                yield HolderFacts(scope or "object", module.name, name, owner, binding, module.path)

    def _scope_of_self(self, owner: ClassRef, function: FunctionFacts) -> str:
        if self.names.is_metaclass(owner):
            return "metaclass"
        if any(self.names.method(owner, name) for name in _DESCRIPTOR):
            return "descriptor"
        if owner in self._shared:
            return "object"
        return ""

    def _shared_classes(self) -> frozenset[ClassRef]:
        """Return the classes of which an instance is made at module or class level: what that keeps is kept for good."""
        found: set[ClassRef] = set()
        for module in self.modules.values():
            bindings = [*module.bindings, *(b for c in module.classes.values() for b in c.attributes)]
            for binding in bindings:
                maker = binding.made.maker
                ref = self.names.as_class(module.name, maker) if maker is not None else None
                if ref is not None:
                    found.update(self.names.ancestors(ref))
        return frozenset(found)

    def named(self, module: str, name: str, line: int = 0) -> HolderFacts | None:
        """Return the holder of that name, also of a class above; of several the one that is made at ``line``."""
        named = [one for one in self.all.values() if one.module == module and one.name == name]
        at = [one for one in named if one.binding.span.line <= line <= one.binding.span.end_line]
        if at or named:
            return (at or named)[0]
        owner, _, attribute = name.rpartition(".")
        return self.on_class(ClassRef(module, owner), attribute) if owner and module in self.modules else None

    def resolve(self, value: Value, function: FunctionFacts, module: ModuleFacts) -> tuple[HolderFacts, int] | None:
        """Return the holder that ``value`` means inside ``function``, and how many elements deep it goes into it."""
        if value.kind not in _MEANING:
            return None
        steps = value.path
        depth = len(steps)
        while depth and steps[depth - 1] == "[]":
            depth -= 1
        nested = len(steps) - depth
        here = Value(value.kind, steps[:depth], value.name) if nested else value
        holder = self._resolve(here, function, module)
        return (holder, nested) if holder is not None else None

    def _resolve(self, value: Value, function: FunctionFacts, module: ModuleFacts) -> HolderFacts | None:
        if "[]" in value.path:
            return None
        if value.kind == "global":
            return self._of_global(value.path, module)
        if value.kind == "cell":
            return self._of_cell(value.name, module)
        if value.kind == "param" and not value.path:
            return self.all.get(("default", module.name, f"{function.qualname}.<locals>.{value.name}"))
        if value.kind in {"self", "cls", "super"} and value.path and value.path[-1] in self._owners:
            owner = self.owner_of(function, module)
            return self._of_class(owner, value, function) if owner is not None else None
        return None

    def owner_of(self, function: FunctionFacts, module: ModuleFacts) -> ClassRef | None:
        """Return the class whose method ``function`` is, also for functions inside a method."""
        key = (module.name, function.qualname)
        if key not in self._owner_of:
            names = function.qualname.split("#")[0].split(".")
            while names and not (names[-1] != "<locals>" and ".".join(names) in module.classes):
                names.pop()
            self._owner_of[key] = ClassRef(module.name, ".".join(names)) if names else None
        return self._owner_of[key]

    def _of_cell(self, name: str, module: ModuleFacts) -> HolderFacts | None:
        qualname, _, variable = name.rpartition(":")
        return self.all.get(("closure", module.name, f"{qualname}.<locals>.{variable}"))

    def _of_global(self, path: tuple[str, ...], module: ModuleFacts, hops: int = _HOPS) -> HolderFacts | None:
        found = self.names.find(module.name, path)
        if found.kind == "class" and len(found.rest) == 1:
            return self.on_class(ClassRef(found.module, found.name), found.rest[0])
        if found.kind == "function" and len(found.rest) == 1:
            return self.all.get(("function", found.module, f"{found.name}.{found.rest[0]}"))
        if found.kind == "binding":
            if not found.rest:
                return self.all.get(("module", found.module, found.name)) or self._through_alias(
                    found.module, found.name, hops
                )
            if len(found.rest) == 1:
                return self._on_object(found.module, found.name, found.rest[0])
        return None

    def _through_alias(self, module: str, name: str, hops: int) -> HolderFacts | None:
        here = self.modules[module]
        for value in here.aliases.get(name, ()) if hops else ():
            if value.kind == "global" and value.path and value.path[0] != name:
                return self._of_global(value.path, here, hops - 1)
        return None

    def _on_object(self, module: str, name: str, attribute: str) -> HolderFacts | None:
        ref = self.class_of_object(module, name)
        return self.on_class(ref, attribute) if ref is not None else None

    def class_of_object(self, module: str, name: str) -> ClassRef | None:
        """Return the class of the object that the module-level name is bound to, if one of the program."""
        key = (module, name)
        if key not in self._objects:
            self._objects[key] = None
            for binding in self.modules[module].bindings:
                maker = binding.made.maker
                if binding.name == name and maker is not None:
                    self._objects[key] = self.names.as_class(module, maker)
        return self._objects[key]

    def on_class(self, ref: ClassRef, name: str) -> HolderFacts | None:
        """Return the holder that is an attribute of a class or its objects: also of a base, or made by its metaclass."""
        owners = self._owners.get(name)
        if owners is None:
            return None
        found = next((owners[one] for one in self.names.ancestors(ref) if one in owners), None)
        meta = self.names.metaclass(ref) if found is None else None
        return self.on_class(meta, name) if meta is not None and meta != ref else found

    @cached_property
    def _owners(self) -> dict[str, dict[ClassRef, HolderFacts]]:
        """The holders that are attributes, by their names and the classes that have them."""
        found: dict[str, dict[ClassRef, HolderFacts]] = {}
        for scope in ("class", "object", "metaclass", "descriptor"):
            for key, holder in self.all.items():
                if key[0] == scope:
                    owner, _, name = holder.name.rpartition(".")
                    found.setdefault(name, {}).setdefault(ClassRef(holder.module, owner), holder)
        return found

    def _of_class(self, owner: ClassRef, value: Value, function: FunctionFacts) -> HolderFacts | None:
        if len(value.path) != 1:
            return self._through_attribute(owner, value) if len(value.path) == 2 else None
        name = value.path[0]
        holder = self.on_class(owner, name)
        if holder is None:
            return None
        if value.kind == "self" and holder.scope == "class" and function.kind == "method":
            if self.names.is_instance_name(owner, name) and not self._same_binding(holder):
                return None
        return holder

    def _through_attribute(self, owner: ClassRef, value: Value) -> HolderFacts | None:
        """``self.tracker.items`` where the class attribute ``tracker`` is an object made at class level."""
        first, second = value.path
        found = self.names.attribute(owner, first)
        if found is None or found[1].made.maker is None or self.names.is_instance_name(owner, first):
            return None
        ref = self.names.as_class(found[0].module, found[1].made.maker)
        return self.on_class(ref, second) if ref is not None else None

    @staticmethod
    def _same_binding(holder: HolderFacts) -> bool:
        """A holder that is itself made by an assignment to an attribute is not shadowed by that assignment."""
        return holder.binding.target.kind in {"cls", "self"} and bool(holder.binding.target.path)
