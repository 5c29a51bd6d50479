"""Names across files: imports, re-exports, inheritance. Nothing is imported; only facts are followed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from leaklint.facts.model import Binding, Class, Function, Module, Value

_HOPS = 12  # how many imports and aliases are followed before a name counts as unknown


@dataclass(frozen=True, slots=True)
class Found:
    """What a dotted name leads to. ``kind``: class, function, binding, module, external.

    ``name`` is the qualified name inside ``module``, or the dotted name of something outside of the program;
    ``rest`` are the steps that were left over.
    """

    kind: str
    module: str
    name: str
    rest: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ClassRef:
    """A class of the program."""

    module: str
    name: str


class Names:
    """Resolve names over a set of modules, keyed by dotted module name."""

    def __init__(self, modules: Mapping[str, Module]) -> None:
        self.modules = modules
        self._found: dict[tuple[str, tuple[str, ...]], Found] = {}
        self._ancestors: dict[ClassRef, tuple[ClassRef, ...]] = {}

    def find(self, module: str, path: tuple[str, ...], hops: int = _HOPS) -> Found:
        """Return what ``path`` means when written at the top of ``module``."""
        key = (module, path)
        if key not in self._found:
            self._found[key] = Found("external", module, ".".join(path))  # what a cycle of imports sees
            self._found[key] = self._find(module, path, hops)
        return self._found[key]

    def _find(self, module: str, path: tuple[str, ...], hops: int) -> Found:
        here = self.modules.get(module)
        name = path[0] if path else ""
        if here is None or hops <= 0 or name == "[]":
            return Found("external", module, ".".join(path))
        longest = self._defined(here, path)
        if longest is not None:
            return longest
        if name in here.imports:
            return self.dotted(absolute(here, here.imports[name]), path[1:], hops - 1)
        if any(binding.name == name for binding in here.bindings):
            return Found("binding", module, name, path[1:])
        for star in here.stars:
            target = absolute(here, star)
            if target in self.modules and name in self.modules[target].names:
                return self.find(target, path, hops - 1)
        if name in here.names:
            return Found("binding", module, name, path[1:])
        submodule = f"{module}.{name}"
        if submodule in self.modules:
            return self.find(submodule, path[1:], hops - 1) if path[1:] else Found("module", submodule, "")
        return Found("external", module, ".".join(path))

    @staticmethod
    def _defined(here: Module, path: tuple[str, ...]) -> Found | None:
        """Match the longest prefix that is a class, or a function after it."""
        best: Found | None = None
        for length in range(1, len(path) + 1):
            name = ".".join(path[:length])
            if name in here.classes:
                best = Found("class", here.name, name, path[length:])
            elif name in here.functions:
                return Found("function", here.name, name, path[length:])
            else:
                break
        return best

    def dotted(self, name: str, rest: tuple[str, ...], hops: int = _HOPS) -> Found:
        """Return what an absolute dotted name followed by ``rest`` means."""
        parts = tuple(part for part in name.split(".") if part)
        for length in range(len(parts), 0, -1):
            module = ".".join(parts[:length])
            if module in self.modules:
                path = (*parts[length:], *rest)
                return self.find(module, path, hops) if path else Found("module", module, "")
        return Found("external", "", ".".join(parts), rest)

    def class_of(self, ref: ClassRef) -> Class:
        """Return the facts of a class."""
        return self.modules[ref.module].classes[ref.name]

    def ancestors(self, ref: ClassRef) -> tuple[ClassRef, ...]:
        """Return ``ref`` and its bases inside the program, nearest first (breadth first, each once)."""
        if ref not in self._ancestors:
            found = [ref]
            for one in found:
                for base in self.class_of(one).bases:
                    up = self.as_class(one.module, base)
                    if up is not None and up not in found:
                        found.append(up)
            self._ancestors[ref] = tuple(found)
        return self._ancestors[ref]

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
            klass = self.class_of(one)
            values = [*klass.bases, *(v for k in klass.keywords if k.name == "metaclass" for v in k.values)]
            for value in values:
                for part in (value, *value.parts):
                    if part.kind == "global" and self.as_class(one.module, part) is None:
                        path = tuple(step for step in part.path if step != "[]")
                        found = self.find(one.module, path)
                        yield ".".join([found.name, *found.rest])

    @cached_property
    def subclasses(self) -> dict[ClassRef, tuple[ClassRef, ...]]:
        """Every class of the program with all classes below it."""
        below: dict[ClassRef, list[ClassRef]] = {}
        for module in self.modules.values():
            for name in module.classes:
                ref = ClassRef(module.name, name)
                for up in self.ancestors(ref)[1:]:
                    below.setdefault(up, []).append(ref)
        return {ref: tuple(found) for ref, found in below.items()}

    def method(self, ref: ClassRef, name: str) -> tuple[ClassRef, Function] | None:
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
        names = {name.rsplit(".", 1)[-1] for name in self.external_bases_of_bases(ref)}
        return bool(names & {"type", "ABCMeta", "EnumMeta", "EnumType"})

    def external_bases_of_bases(self, ref: ClassRef) -> Iterator[str]:
        """Yield outside bases only, without metaclass keywords."""
        for one in self.ancestors(ref):
            for value in self.class_of(one).bases:
                if value.kind == "global" and self.as_class(one.module, value) is None:
                    found = self.find(one.module, tuple(step for step in value.path if step != "[]"))
                    yield ".".join([found.name, *found.rest])

    def metaclass(self, ref: ClassRef) -> ClassRef | None:
        """Return the metaclass of a class if it is one of the program."""
        for one in self.ancestors(ref):
            klass = self.class_of(one)
            candidates = [v for k in klass.keywords if k.name == "metaclass" for v in k.values]
            candidates += [part for base in klass.bases for part in base.parts[1:] if base.kind == "call"]
            candidates += [
                a.values[0] for d in klass.decorators for a in d.arguments if "metaclass" in ".".join(d.value.path)
            ]
            for value in candidates:
                found = self.as_class(one.module, value)
                if found is not None and self.is_metaclass(found):
                    return found
        return None


def absolute(here: Module, dotted: str) -> str:
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
