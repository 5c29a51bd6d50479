"""Names across files: imports, re-exports, inheritance. Nothing is imported; only facts are followed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import NamedTuple

from leaklint.contracts.library import of_nature
from leaklint.drafts.facts.model import Binding, ClassFacts, FunctionFacts, ModuleFacts, Value

_TYPES = of_nature("metaclass")
_HOPS = 12  # how many imports and aliases are followed before a name counts as unknown


class Referent(NamedTuple):
    """What a dotted name leads to. ``kind``: class, function, binding, module, external.

    ``name`` is the qualified name inside ``module``, or the dotted name of something outside of the program;
    ``rest`` are the steps that were left over.
    """

    kind: str
    module: str
    name: str
    rest: tuple[str, ...] = ()


class ClassRef(NamedTuple):
    """A class of the program."""

    module: str
    name: str


class NameResolver:
    """Resolve names over a set of modules, keyed by dotted module name."""

    def __init__(self, modules: Mapping[str, ModuleFacts]) -> None:
        self.modules = modules
        self._roots = frozenset(name.partition(".")[0] for name in modules)
        self._resolved: dict[tuple[str, tuple[str, ...]], Referent] = {}
        self._bindings: dict[str, frozenset[str]] = {}
        self._ancestors: dict[ClassRef, tuple[ClassRef, ...]] = {}
        self._below: dict[ClassRef, tuple[ClassRef, ...]] = {}
        self._outside: dict[ClassRef, tuple[str, ...]] = {}

    def find(self, module: str, path: tuple[str, ...], hops: int = _HOPS) -> Referent:
        """Return what ``path`` means when written at the top of ``module``."""
        key = (module, path)
        found = self._resolved.get(key)
        if found is None:
            self._resolved[key] = Referent("external", module, ".".join(path))  # what a cycle of imports sees
            found = self._resolved[key] = self._find(module, path, hops)
        return found

    def _find(self, module: str, path: tuple[str, ...], hops: int) -> Referent:
        here = self.modules.get(module)
        name = path[0] if path else ""
        if here is None or hops <= 0 or name == "[]":
            return Referent("external", module, ".".join(path))
        longest = self._defined(here, path)
        if longest is not None:
            return longest
        if name in here.imports:
            return self.dotted(absolute(here, here.imports[name]), path[1:], hops - 1)
        if name in self._bound(here):
            return Referent("binding", module, name, path[1:])
        for star in here.stars:
            target = absolute(here, star)
            if target in self.modules and name in self.modules[target].names:
                return self.find(target, path, hops - 1)
        if name in here.names:
            return Referent("binding", module, name, path[1:])
        submodule = f"{module}.{name}"
        if submodule in self.modules:
            return self.find(submodule, path[1:], hops - 1) if path[1:] else Referent("module", submodule, "")
        return Referent("external", module, ".".join(path))

    def _bound(self, here: ModuleFacts) -> frozenset[str]:
        """Return the names that a module binds to what may be a container."""
        bound = self._bindings.get(here.name)
        if bound is None:
            bound = self._bindings[here.name] = frozenset(binding.name for binding in here.bindings)
        return bound

    @staticmethod
    def _defined(here: ModuleFacts, path: tuple[str, ...]) -> Referent | None:
        """Match the longest prefix that is a class, or a function after it."""
        best: Referent | None = None
        for length in range(1, len(path) + 1):
            name = ".".join(path[:length])
            if name in here.classes:
                best = Referent("class", here.name, name, path[length:])
            elif name in here.functions:
                return Referent("function", here.name, name, path[length:])
            else:
                break
        return best

    def dotted(self, name: str, steps: tuple[str, ...], hops: int = _HOPS) -> Referent:
        """Return what an absolute dotted name followed by ``steps`` means."""
        parts = tuple(part for part in name.split(".") if part)
        inside = parts[:1] and parts[0] in self._roots
        for length in range(len(parts), 0, -1) if inside else ():
            module = ".".join(parts[:length])
            if module in self.modules:
                path = (*parts[length:], *steps)
                return self.find(module, path, hops) if path else Referent("module", module, "")
        return Referent("external", "", ".".join(parts), steps)

    def class_of(self, ref: ClassRef) -> ClassFacts:
        """Return the facts of a class."""
        return self.modules[ref.module].classes[ref.name]

    def ancestors(self, ref: ClassRef) -> tuple[ClassRef, ...]:
        """Return ``ref`` and its bases inside the program, nearest first (breadth first, each once)."""
        line: dict[ClassRef, None] = {}  # a chain of single bases, whose top one is known or has none or several
        while ref not in self._ancestors and ref not in line:
            line[ref] = None
            bases = self._bases.get(ref, ())
            if len(bases) != 1:
                break
            ref = bases[0]
        if ref not in self._ancestors:
            self._ancestors[ref] = self._broadly(ref)
        for one in reversed(line):
            if one not in self._ancestors:
                above = self._ancestors[self._bases[one][0]]
                self._ancestors[one] = (one, *above) if one not in above else self._broadly(one)
        return self._ancestors[next(iter(line), ref)]

    def _broadly(self, ref: ClassRef) -> tuple[ClassRef, ...]:
        found = {ref: None}
        new = [ref]
        for one in new:
            for up in self._bases.get(one, ()):
                if up not in found:
                    found[up] = None
                    new.append(up)
        return tuple(found)

    @cached_property
    def _bases(self) -> dict[ClassRef, tuple[ClassRef, ...]]:
        """The bases inside the program of each class that has any."""
        found: dict[ClassRef, tuple[ClassRef, ...]] = {}
        for module in self.modules.values():
            for name, klass in module.classes.items():
                ups = (self.as_class(module.name, base) for base in klass.bases)
                bases = tuple(dict.fromkeys(up for up in ups if up is not None))
                if bases:
                    found[ClassRef(module.name, name)] = bases
        return found

    def as_class(self, module: str, value: Value) -> ClassRef | None:
        """Return the class of the program that ``value`` names, seen from ``module``."""
        if value.kind == "call" and value.parts:  # with_metaclass(Meta, Base), a class made from one of ours
            return next((one for part in value.parts[1:] if (one := self.as_class(module, part))), None)
        if value.kind != "global":
            return None
        path = tuple(step for step in value.path if step != "[]")  # Generic[T]
        found = self.find(module, path)
        return ClassRef(found.module, found.name) if found.kind == "class" and not found.rest else None

    def external_bases(self, ref: ClassRef) -> Iterator[str]:
        """Yield the dotted names of bases and metaclasses that are outside of the program."""
        for one in self.ancestors(ref):
            if one not in self._outside:
                klass = self.class_of(one)
                values = [*klass.bases, *(v for k in klass.keywords if k.name == "metaclass" for v in k.values)]
                parts = [part for value in values for part in (value, *value.parts)]
                self._outside[one] = tuple(self._external(one.module, parts))
            yield from self._outside[one]

    def _external(self, module: str, values: Iterable[Value]) -> Iterator[str]:
        for value in values:
            if value.kind == "global" and self.as_class(module, value) is None:
                found = self.find(module, tuple(step for step in value.path if step != "[]"))
                yield ".".join([found.name, *found.rest])

    def subclasses(self, ref: ClassRef) -> tuple[ClassRef, ...]:
        """Return all classes of the program below ``ref``, in the order of the program."""
        if ref not in self._below:
            found = {ref}
            new = [ref]
            while new:
                more = [one for one in self._children.get(new.pop(), ()) if one not in found]
                found.update(more)
                new += more
            found.discard(ref)
            self._below[ref] = tuple(sorted(found, key=self._ranks.__getitem__))
        return self._below[ref]

    @cached_property
    def _children(self) -> dict[ClassRef, list[ClassRef]]:
        found: dict[ClassRef, list[ClassRef]] = {}
        for ref, bases in self._bases.items():
            for up in bases:
                found.setdefault(up, []).append(ref)
        return found

    @cached_property
    def _ranks(self) -> dict[ClassRef, int]:
        """The place of each class that has a base in the order of the program."""
        return {ref: rank for rank, ref in enumerate(self._bases)}

    def method(self, ref: ClassRef, name: str) -> tuple[ClassRef, FunctionFacts] | None:
        """Return the method ``name`` of a class, with the class that defines it."""
        for one in self.ancestors(ref):
            function = self.modules[one.module].functions.get(f"{one.name}.{name}")
            if function is not None:
                return one, function
        return None

    def attribute(self, ref: ClassRef, name: str) -> tuple[ClassRef, Binding] | None:
        """Return the class attribute ``name`` that makes a container, with the class that defines it."""
        for one in self.ancestors(ref):
            klass = self.class_of(one)
            for binding in klass.attributes:
                if binding.name == name:
                    return one, binding
            if name in klass.names:
                return None
        return None

    def is_instance_name(self, ref: ClassRef, name: str) -> bool:
        """Tell whether ``self.name`` is assigned in a method of the class or of one of its bases."""
        return any(name in self.class_of(one).instance_names for one in self.ancestors(ref))

    def is_metaclass(self, ref: ClassRef) -> bool:
        """Tell whether the instances of a class are classes."""
        return not self._made_of_types.isdisjoint(self.ancestors(ref))

    @cached_property
    def _made_of_types(self) -> frozenset[ClassRef]:
        """The classes of which a base is one of Python's metaclasses."""
        return frozenset(
            ClassRef(module.name, name)
            for module in self.modules.values()
            for name, klass in module.classes.items()
            if any(base.rpartition(".")[2] in _TYPES for base in self._external(module.name, klass.bases))
        )

    def external_bases_of_bases(self, ref: ClassRef) -> Iterator[str]:
        """Yield outside bases only, without metaclass keywords."""
        for one in self.ancestors(ref):
            yield from self._external(one.module, self.class_of(one).bases)

    def metaclass(self, ref: ClassRef) -> ClassRef | None:
        """Return the metaclass of a class if it is one of the program."""
        line = self.ancestors(ref)
        if self._metaclasses.keys().isdisjoint(line):
            return None
        return next(self._metaclasses[one] for one in line if one in self._metaclasses)

    @cached_property
    def _metaclasses(self) -> dict[ClassRef, ClassRef]:
        """The metaclasses inside the program, by the classes that name them."""
        named: dict[ClassRef, ClassRef] = {}
        for module in self.modules.values():
            for name, klass in module.classes.items():
                values = [v for k in klass.keywords if k.name == "metaclass" for v in k.values]
                values += [part for base in klass.bases for part in base.parts[1:] if base.kind == "call"]
                values += [
                    a.values[0] for d in klass.decorators for a in d.arguments if "metaclass" in ".".join(d.value.path)
                ]
                found = (self.as_class(module.name, value) for value in values)
                meta = next((one for one in found if one is not None and self.is_metaclass(one)), None)
                if meta is not None:
                    named[ClassRef(module.name, name)] = meta
        return named


def absolute(here: ModuleFacts, dotted: str) -> str:
    """Turn a relative import into an absolute dotted name, seen from module ``here``."""
    if not dotted.startswith("."):
        return dotted
    bare = dotted.lstrip(".")
    level = len(dotted) - len(bare)
    package = here.name.split(".")
    is_package = here.path.replace("\\", "/").endswith("/__init__.py") or here.path == "__init__.py"
    drop = level - 1 if is_package else level
    base = package[: len(package) - drop] if drop else package
    return ".".join([*base, bare] if bare else base)
