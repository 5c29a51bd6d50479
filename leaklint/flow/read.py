"""One file's ast turned into its value flow. Local variables are versioned: a use stands for the values that reach it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from contextlib import contextmanager

from leaklint.flow.expressions import Expressions, Place, item_of, place_of
from leaklint.flow.model import Class, Decorator, Event, Function, Guard, Module, Param
from leaklint.flow.scopes import BoundNames, Definition
from leaklint.flow.statements import Statements
from leaklint.flow.terms import NONE, UNKNOWN, Term, parts_of, union


class File:
    """What is gathered of one file while its scopes are read."""

    def __init__(self, name: str, path: str, is_package: bool) -> None:
        self.module = Module(name, path, is_package, {}, (), {}, {}, {}, {})
        self.stars: list[str] = []
        self._terms: dict[Term, Term] = {}

    def shared(self, term: Term) -> Term:
        """Return the one object that stands for all equal terms of the file: names and constants come again and again."""
        return self._terms.setdefault(term, term)

    def unique(self, qualname: str) -> str:
        """Return a key for a definition that no earlier definition of the same name has."""
        key = f"{self.module.name}:{qualname}"
        taken = key in self.module.functions or key in self.module.classes
        return f"{key}@{len(self.module.functions)}" if taken else key

    def imported(self, node: ast.Import | ast.ImportFrom) -> Iterator[tuple[str, str]]:
        """Yield the names that an import statement binds, with the dotted names of what they stand for."""
        if isinstance(node, ast.Import):
            for alias in node.names:
                whole = alias.asname is not None
                yield (
                    alias.asname or alias.name.partition(".")[0],
                    alias.name if whole else alias.name.partition(".")[0],
                )
            return
        base = node.module or ""
        if node.level:
            package = self.module.name.split(".")
            package = package[: len(package) - node.level + (1 if self.module.is_package else 0)]
            base = ".".join([*package, *([base] if base else [])])
        for alias in node.names:
            if alias.name == "*":
                self.stars.append(base)
            else:
                yield alias.asname or alias.name, f"{base}.{alias.name}" if base else alias.name


class Scope:
    """One function, class body or module body while it is read. ``env`` gives the present value of each local name."""

    reader = Expressions

    def __init__(
        self, file: File, kind: str, key: str, names: BoundNames | None, parent: Scope | None = None, owner: str = ""
    ) -> None:
        self.file, self.kind, self.key, self.parent, self.owner = file, kind, key, parent, owner
        self.names = names
        self.params: list[str] = []
        self.env: dict[str, Term] = {}
        self.assigned: dict[str, list[Term]] = {}
        self.events: list[Event] = []
        self.guards: tuple[Guard, ...] = ()
        self.yields = False
        self.expressions = self.reader(self)
        self.attributes: dict[str, tuple[Term, Place]] = {}
        self.annotations: dict[str, Term] = {}
        self.methods: dict[str, str] = {}

    # names

    @property
    def function(self) -> Scope | None:
        """Return the nearest function around this scope, itself included."""
        scope: Scope | None = self
        while scope is not None and scope.kind in {"class", "module"}:
            scope = scope.parent
        return scope

    def lookup(self, name: str) -> Term:
        """Return the value of a name at this point."""
        if name in self.env:
            return self.env[name]
        if self.names is not None and name in self.names.globals:
            return self.file.shared(("name", self.file.module.name, name))
        scope = self.parent
        while scope is not None:
            if scope.kind == "function" and scope.names is not None:
                if name in scope.params and name not in scope.names.bound:
                    return self.file.shared(("param", scope.key, name))
                if name in scope.names.bound or name in scope.params:
                    return self.file.shared(("cell", scope.key, name))
            scope = scope.parent
        return self.file.shared(("name", self.file.module.name, name))

    def fresh(self, name: str, values: list[Term], place: Place) -> Term:
        """Return a term that stands for a variable of these values, which are noted."""
        term = ("fresh", self.key, name, (place[0], place[1]))
        self.assigned.setdefault(f"{name}@{place[0]}:{place[1]}", []).extend(values)
        return term

    def bind(self, name: str, value: Term, place: Place) -> None:
        """Assign to a name, which may be another scope's."""
        if self.kind == "module" or (self.names is not None and name in self.names.globals):
            module = self.file.module.name
            self.file.module.names.setdefault(name, []).append((value, place, self.guards))
            self.note("setname", (("name", module, name), value), place, name)
        elif self.kind == "class":
            self._put_in_class(name, value, place)
        elif self.names is not None and name in self.names.outer:
            home = self.lookup(name)
            self.note("setcell", (home, value), place, name)
            scope = self.parent
            while scope is not None and (scope.names is None or name not in scope.names.bound | set(scope.params)):
                scope = scope.parent
            if scope is not None:
                scope.assigned.setdefault(name, []).append(value)
        else:
            self.assigned.setdefault(name, []).append(value)
            self.env[name] = self.expressions.named(name, value, place)

    def _put_in_class(self, name: str, value: Term, place: Place) -> None:
        """Assign to a name of a class: what is made of the method of that name takes its place."""
        own = self.env[name] = ("attr", ("class", self.key), name)
        method = self.attributes.get(name, (UNKNOWN, place))[0]
        if method[0] == "func" and value[0] == "call" and own in value[2]:
            value = (*value[:2], tuple([method if one == own else one for one in value[2]]), *value[3:])
            del self.attributes[name]
        self.attributes.setdefault(name, (value, place))

    def bind_target(self, target: ast.expr, value: Term, place: Place, inner: bool = False) -> None:
        """Assign ``value`` to a target: a name, an attribute, an element, or several of these."""
        if isinstance(target, ast.Name):
            if inner:
                self.env[target.id] = value
            else:
                self.bind(target.id, value, place)
        elif isinstance(target, (ast.Tuple, ast.List)):
            self._unpack(target, value, place, inner)
        elif isinstance(target, ast.Attribute):
            self.note("setattr", (self.expressions.read(target.value), value), place, target.attr)
        elif isinstance(target, ast.Subscript):
            base = self.expressions.read(target.value)
            if isinstance(target.slice, ast.Slice):
                whole = target.slice.lower is None and target.slice.upper is None
                self.note("setslice" if whole else "setpart", (base, value), place)
            else:
                key = self.expressions.read(target.slice)
                item = item_of(base, key)
                if item[0] == "attr":
                    self.note("setattr", (item[1], value), place, item[2])
                else:
                    self.note("setitem", (base, key, value), place)

    def _unpack(self, target: ast.Tuple | ast.List, value: Term, place: Place, inner: bool) -> None:
        starred = next((number for number, one in enumerate(target.elts) if isinstance(one, ast.Starred)), None)
        for one, part in zip(target.elts, parts_of(value, len(target.elts), starred), strict=True):
            self.bind_target(one.value if isinstance(one, ast.Starred) else one, part, place, inner)

    # events

    def note(self, kind: str, terms: tuple[Term, ...], place: Place, name: str = "") -> None:
        """Note that something happens."""
        self.events.append(Event(kind, terms, name, place, self.guards))

    @contextmanager
    def guarded(self, kind: str, test: Term, holds: bool = True) -> Iterator[None]:
        """Note a block around all events inside."""
        before = self.guards
        self.guards = (*before, Guard(kind, test, holds))
        try:
            yield
        finally:
            self.guards = before

    # definitions

    def _qualname(self, name: str) -> str:
        inside = self.key.partition(":")[2]
        if self.kind == "module":
            return name
        return f"{inside}.{name}" if self.kind == "class" else f"{inside}.<locals>.{name}"

    def define_lambda(self, node: ast.Lambda) -> Term:
        """Return the term of a lambda, which is read as a function."""
        key = self.file.unique(self._qualname(f"<lambda>{node.lineno}_{node.col_offset}"))
        scope = type(self)(self.file, "function", key, BoundNames([node.body]), self)
        params = scope.read_params(node, self)
        value = scope.expressions.read(node.body)
        scope.note("return", (value,), place_of(node.body))
        scope.finish("<lambda>", "function", params, (), place_of(node), False, "")
        return ("func", key)

    def define(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> tuple[Term, tuple[Decorator, ...]]:
        """Read a function; return its term and its decorators."""
        decorators = tuple(Decorator(self.expressions.read(one), _at_sign(one, node)) for one in node.decorator_list)
        key = self.file.unique(self._qualname(node.name))
        owner = self.key if self.kind == "class" else ""
        scope = type(self)(self.file, "function", key, BoundNames(node.body), self, owner)
        params = scope.read_params(node, self)
        Statements(scope).block(node.body)
        kind = _kind(self.kind, node.name, decorators)
        text = ast.get_docstring(node, clean=False) or ""
        scope.finish(node.name, kind, params, decorators, place_of(node), isinstance(node, ast.AsyncFunctionDef), text)
        return ("func", key), decorators

    def read_params(self, node: Definition, outer: Scope) -> tuple[Param, ...]:
        """Read the parameters of a function; defaults and annotations belong to the scope outside of it."""
        arguments, params = node.args, []
        positional = [*arguments.posonlyargs, *arguments.args]
        defaults: list[ast.expr | None] = [None] * (len(positional) - len(arguments.defaults))
        for one, default in zip(positional, [*defaults, *arguments.defaults], strict=True):
            params.append(_param(outer, one, "pos", default))
        if arguments.vararg is not None:
            params.append(_param(outer, arguments.vararg, "*", None))
        for one, word in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
            params.append(_param(outer, one, "kw", word))
        if arguments.kwarg is not None:
            params.append(_param(outer, arguments.kwarg, "**", None))
        self.params = [param.name for param in params]
        self.env = {name: ("param", self.key, name) for name in self.params}
        return tuple(params)

    def finish(
        self, name: str, kind: str, params: tuple[Param, ...], decorators: tuple[Decorator, ...], place: Place,
        is_async: bool, text: str,
    ) -> None:  # fmt: skip
        """Put what was read into the file."""
        around = self.parent.function if self.parent is not None else None
        self.file.module.functions[self.key] = Function(
            self.key, name, kind, self.owner, around.key if around is not None else "", params, decorators,
            tuple(self.events), {name: tuple(values) for name, values in self.assigned.items()}, is_async, self.yields,
            place, text[:2000],
        )  # fmt: skip

    def define_class(self, node: ast.ClassDef) -> tuple[Term, tuple[Decorator, ...]]:
        """Read a class; return its term and its decorators."""
        decorators = tuple(Decorator(self.expressions.read(one), _at_sign(one, node)) for one in node.decorator_list)
        bases = tuple(self.expressions.read(base) for base in node.bases)
        keywords = tuple((word.arg or "**", self.expressions.read(word.value)) for word in node.keywords)
        key = self.file.unique(self._qualname(node.name))
        scope = type(self)(self.file, "class", key, BoundNames(node.body), self)
        Statements(scope).block(node.body)
        scope.finish(node.name, "class", (), (), place_of(node), False, ast.get_docstring(node, clean=False) or "")
        parent = self.function.key if self.function is not None else ""
        self.file.module.classes[key] = Class(
            key, node.name, parent, bases, keywords, decorators, scope.attributes, scope.annotations, scope.methods,
            place_of(node),
        )  # fmt: skip
        return ("class", key), decorators


def _at_sign(decorator: ast.expr, node: ast.stmt) -> Place:
    """Return where a decorator stands, its ``@`` included, which is indented as the definition is."""
    line, _, end_line, end_column = place_of(decorator)
    return (line, node.col_offset, end_line, end_column)


def _param(outer: Scope, node: ast.arg, kind: str, default: ast.expr | None) -> Param:
    annotation = node.annotation
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        annotation = _parsed(annotation.value)
    before = len(outer.events)
    hint = outer.expressions.read(annotation) if annotation is not None else None
    del outer.events[before:]
    return Param(node.arg, kind, outer.expressions.read(default) if default is not None else None, hint)


def _parsed(text: str) -> ast.expr | None:
    try:
        return ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _kind(around: str, name: str, decorators: tuple[Decorator, ...]) -> str:
    if around != "class":
        return "function"
    names = {one.term[2] for one in decorators if one.term[0] in {"name", "attr"}}
    if "staticmethod" in names:
        return "staticmethod"
    if "classmethod" in names or name in {"__init_subclass__", "__class_getitem__"}:
        return "classmethod"
    return "method"


def read_flow(tree: ast.Module, name: str, path: str, is_package: bool) -> Module:
    """Return the value flow of a file as the module ``name``."""
    file = File(name, path, is_package)
    scope = Scope(file, "module", f"{name}:", None)
    Statements(scope).block(tree.body)
    scope.finish("", "module", (), (), (1, 0, 1, 0), False, "")
    return file.module._replace(stars=tuple(file.stars), annotations=scope.annotations)


__all__ = ["NONE", "UNKNOWN", "Scope", "read_flow", "union"]
