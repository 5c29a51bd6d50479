"""Every place of the program that speaks of one container: names, attributes, local aliases, elements."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import libcst as cst

from leaklint.facts.model import Value
from leaklint.program import Holder, Program
from leaklint.repairs.files import File, Files
from leaklint.repairs.meaning import describe
from leaklint.repairs.scopes import Bound, Scope

_HOPS = 6
_ELEMENT_CALLS = frozenset({"get", "setdefault", "pop"})
_COPIES = frozenset({"list", "tuple", "sorted", "reversed", "iter"})
_MAKERS = (cst.Dict, cst.DictComp, cst.List, cst.ListComp, cst.Set, cst.SetComp)


@dataclass(frozen=True, slots=True, eq=False)
class Use:
    """An expression that means the container (``depth`` 0) or a container inside of it (``depth`` 1).

    ``sure`` is false where it may mean something else as well: a name with several values, an attribute of the same
    name on something unknown.
    """

    file: File
    node: cst.BaseExpression
    scope: Scope
    depth: int
    sure: bool = True


class Finder:
    """Finds the uses of one holder."""

    def __init__(self, files: Files, holder: Holder) -> None:
        self.files = files
        self.program: Program = files.program
        self.holder = holder
        self.attribute = re.sub(r"\A_[A-Za-z0-9]\w*?(?=__)", "", holder.binding.name)

    def uses(self) -> tuple[Use, ...]:
        """Return all uses, file by file, in the order of the source."""
        words = self._words()
        files = self.files.mentioning(words, self._reaches)
        return tuple(use for file in files for use in self.in_file(file, words))

    def _reaches(self, module: str, text: str) -> bool:
        """Tell whether a file that mentions a name of the holder can mean the holder by it, as its imports say."""
        holder = self.holder
        if module == holder.module:
            return True
        if holder.scope in {"closure", "default"}:
            return False
        if holder.owner is not None:
            own = {one.module for one in self.program.names.subclasses.get(holder.owner, ())}
            return (
                module in own or re.search(rf"\.\s*{self.attribute}(?!\w)|['\"]{self.attribute}['\"]", text) is not None
            )
        here = self.program.modules[module]
        found = (
            self.program.names.find(module, (local,)) for local in (*here.imports, *here.names, holder.binding.name)
        )
        return any(
            (one.module, one.name) == (holder.module, holder.binding.name)
            or (one.kind == "module" and f"{holder.module}.".startswith(f"{one.module}."))
            for one in found
        )

    def _words(self) -> frozenset[str]:
        """Return the names under which the holder is known: its own, and module-level names bound to it."""
        words = {self.attribute, self.holder.binding.name, *self.program.aliases.get(self.holder.key, ())}
        waiting = list(words)
        while waiting:  # an alias of an import, imported
            more = self.program.local_names.get(waiting.pop(), frozenset()) - words
            words |= more
            waiting += more
        return frozenset(words)

    def in_file(self, file: File, words: frozenset[str]) -> Iterator[Use]:
        """Yield the uses of one file, in which the holder goes by one of ``words`` or by a local alias."""
        known = _aliases(file, words)
        for node in file.nodes():
            if not isinstance(node, cst.BaseExpression) or not _speaks(node, known) or not is_expression(file, node):
                continue
            scope = file.scope(node)
            ways = set(self.ways(file, node, scope))
            mine = [depth for depth in ways if depth is not None]
            if mine and (len(set(mine)) > 1 or not isinstance(node, (cst.Name, cst.Attribute)) or None not in ways):
                yield Use(file, node, scope, mine[0], len(ways) == 1)
            elif mine or self._may_be(file, node, scope):
                yield Use(file, node, scope, mine[0] if mine else 0, False)

    def ways(self, file: File, node: cst.CSTNode | None, scope: Scope, hops: int = _HOPS) -> Iterator[int | None]:
        """Yield for each thing that ``node`` may denote how deep inside the holder it is; None: something else."""
        if node is None or hops == 0:
            yield None
        elif isinstance(node, cst.Name):
            yield from self._of_name(file, node, scope, hops)
        elif isinstance(node, cst.Attribute) or (isinstance(node, cst.Call) and _is_getattr(node)):
            yield from self._meant(file, node, scope)
        elif isinstance(node, cst.Subscript):
            yield from (None if way is None else way + 1 for way in self.ways(file, node.value, scope, hops - 1))
        elif (
            isinstance(node, cst.Call)
            and isinstance(node.func, cst.Attribute)
            and node.func.attr.value in _ELEMENT_CALLS
        ):
            yield from (None if way is None else way + 1 for way in self.ways(file, node.func.value, scope, hops - 1))
        elif isinstance(node, (cst.BooleanOperation, cst.IfExp)):
            sides = (node.left, node.right) if isinstance(node, cst.BooleanOperation) else (node.body, node.orelse)
            for side in sides:
                yield from self.ways(file, side, scope, hops - 1)
        elif isinstance(node, cst.NamedExpr):
            yield from self.ways(file, node.value, scope, hops - 1)
        else:
            yield None

    def _meant(self, file: File, node: cst.CSTNode, scope: Scope) -> Iterator[int | None]:
        function = file.function(_function_scope(scope))
        for value in describe(node, scope):
            meant = self.program.holders.meant(value, function, file.module)
            yield meant[1] if meant is not None and meant[0].key == self.holder.key else None

    def _of_name(self, file: File, node: cst.Name, scope: Scope, hops: int) -> Iterator[int | None]:
        name = node.value
        home = _home(name, scope)
        if home is None or (home.kind == "module" and not self._loops(name, home)):
            yield from self._meant(file, node, scope)
            return
        if name in home.params:
            key = ("default", file.module.name, f"{home.qualname}.<locals>.{name}")
            yield 0 if key == self.holder.key else None
        for bound in home.bound.get(name, ()):
            yield from self._bound(file, bound, name, home, hops - 1)

    def _bound(self, file: File, bound: Bound, name: str, home: Scope, hops: int) -> Iterator[int | None]:
        if bound.how == "value" and bound.node is not None:
            made = isinstance(bound.node, (*_MAKERS, cst.Call)) or _is_none(bound.node)
            if made and self.holder.key == ("closure", file.module.name, f"{home.qualname}.<locals>.{name}"):
                yield 0
            elif not _is_none(bound.node):
                yield from self.ways(file, bound.node, home, hops)
        elif bound.how == "element" or (_is_items(bound.node) and _is_second_of_pair(file, bound)):
            yield from self._element(file, bound.node, home, hops)
        else:
            yield None

    def _element(self, file: File, node: cst.CSTNode | None, scope: Scope, hops: int) -> Iterator[int | None]:
        """What a loop over ``node`` gives: the values of a map's views, the elements of a list or set."""
        while (
            isinstance(node, cst.Call) and isinstance(node.func, cst.Name) and node.func.value in _COPIES and node.args
        ):
            node = node.args[0].value
        if (
            isinstance(node, cst.Call)
            and isinstance(node.func, cst.Attribute)
            and node.func.attr.value in {"values", "items"}
        ):
            yield from (None if way is None else way + 1 for way in self.ways(file, node.func.value, scope, hops))
        elif self.holder.kind in {"list", "set"}:
            yield from (None if way is None else way + 1 for way in self.ways(file, node, scope, hops))
        else:
            yield None

    @staticmethod
    def _loops(name: str, home: Scope) -> bool:
        return any(bound.how in {"element", "part"} for bound in home.bound.get(name, ()))

    def _may_be(self, file: File, node: cst.CSTNode, scope: Scope) -> bool:
        """Tell whether an attribute of the holder's name stands on something that may be its owner."""
        if not isinstance(node, cst.Attribute) or node.attr.value != self.attribute or self.holder.owner is None:
            return False
        return any(self._unknown_base(file, value, scope) for value in describe(node.value, scope))

    def _unknown_base(self, file: File, value: Value, scope: Scope) -> bool:
        names, owner = self.program.names, self.holder.owner
        function = file.function(_function_scope(scope))
        if owner is None:
            return False
        if value.kind in {"self", "cls", "super"} and not value.path:
            own = self.program.holders.owner_of(function, file.module)
            related = own is not None and (owner in names.ancestors(own) or own in names.ancestors(owner))
            return related and owner not in names.ancestors(own or owner)
        if value.kind == "global":
            found = names.find(file.module.name, tuple(step for step in value.path if step != "[]"))
            return found.kind == "binding" and "[]" not in value.path and not found.rest
        if value.kind == "param" and not value.path:
            return self._unknown_param(file, function.qualname, value.name)
        if value.kind == "call" and value.parts:
            made = names.as_class(file.module.name, value.parts[0])
            return made is not None and owner in names.ancestors(made) and not value.path
        return value.kind in {"unknown", "param"}

    def _unknown_param(self, file: File, function: str, name: str) -> bool:
        facts = file.module.functions.get(function)
        texts = [param.annotation for param in facts.params if param.name == name] if facts is not None else []
        text = texts[0].strip("\"' ") if texts else ""
        if not text:
            return True
        found = self.program.names.as_class(file.module.name, Value("global", tuple(text.split("."))))
        owner = self.holder.owner
        return found is None or owner is None or owner in self.program.names.ancestors(found)


def _aliases(file: File, words: frozenset[str]) -> frozenset[str]:
    """Return ``words`` and all names of the file that are bound to something in which one of them occurs."""
    known = set(words)
    while more := {name for name, used in file.bindings.items() if name not in known and used & known}:
        known |= more
    return frozenset(known)


def _speaks(node: cst.CSTNode, known: frozenset[str]) -> bool:
    """Tell whether an expression can mean the holder, or a part of it, by the names at its end."""
    if isinstance(node, cst.Name):
        return node.value in known
    if isinstance(node, cst.Attribute):
        return node.attr.value in known
    if isinstance(node, cst.Subscript):
        return isinstance(node.value, (cst.Subscript, cst.Call)) or _speaks(node.value, known)
    if isinstance(node, cst.Call):
        inner = node.func.value if isinstance(node.func, cst.Attribute) else None
        if isinstance(inner, (cst.Subscript, cst.Call)):
            return True
        return _is_getattr(node) or (inner is not None and _speaks(inner, known))
    return False


def is_expression(file: File, node: cst.CSTNode) -> bool:
    """Tell whether a name is evaluated or assigned, not the name of an attribute, keyword, parameter or import."""
    if not isinstance(node, cst.Name):
        return True
    above = file.parent(node)
    if isinstance(above, cst.Attribute):
        return above.value is node
    if isinstance(above, cst.Arg):
        return above.keyword is not node
    if isinstance(above, (cst.Param, cst.FunctionDef, cst.ClassDef)):
        return above.name is not node
    if isinstance(above, (cst.ImportAlias, cst.AsName, cst.NameItem, cst.ImportFrom)):
        return isinstance(above, cst.AsName) and not isinstance(file.parent(above), cst.ImportAlias)
    return not _in_lambda(file, node)


def _in_lambda(file: File, node: cst.Name) -> bool:
    """Tell whether a parameter of a lambda around ``node`` has its name."""
    for above in file.around(node):
        if isinstance(above, (cst.FunctionDef, cst.ClassDef)):
            return False
        if isinstance(above, cst.Lambda):
            params = [*above.params.posonly_params, *above.params.params, *above.params.kwonly_params]
            if any(param.name.value == node.value for param in params):
                return True
    return False


def _function_scope(scope: Scope) -> Scope:
    here = scope
    while here.kind == "class" and here.parent is not None:
        here = here.parent
    return here


def _home(name: str, scope: Scope) -> Scope | None:
    """Return the scope that binds ``name`` as seen from ``scope``: None for one bound nowhere but in a class body."""
    if scope.kind == "class":
        return None if name in scope.bound else _home_above(name, scope)
    if name in scope.outer:
        return next((one for one in scope.enclosing() if name in one.bound and name not in one.outer), None)
    if name in scope.bound or name in scope.params:
        return scope
    return _home_above(name, scope)


def _home_above(name: str, scope: Scope) -> Scope | None:
    for one in scope.enclosing():
        if name in one.params or (name in one.bound and name not in one.outer):
            return one
    return None


def _is_getattr(node: cst.Call) -> bool:
    return isinstance(node.func, cst.Name) and node.func.value == "getattr" and len(node.args) >= 2


def _is_none(node: cst.CSTNode) -> bool:
    return isinstance(node, cst.Name) and node.value == "None"


def _is_items(node: cst.CSTNode | None) -> bool:
    while isinstance(node, cst.Call) and isinstance(node.func, cst.Name) and node.func.value in _COPIES and node.args:
        node = node.args[0].value
    return isinstance(node, cst.Call) and isinstance(node.func, cst.Attribute) and node.func.attr.value == "items"


def _is_second_of_pair(file: File, bound: Bound) -> bool:
    """Tell whether a name is the second of the two that a loop binds."""
    element = file.parent(bound.target)
    pair = file.parent(element) if element is not None else None
    if not isinstance(pair, cst.Tuple) or len(pair.elements) != 2 or pair.elements[1] is not element:
        return False
    loop = file.parent(pair)
    return isinstance(loop, (cst.For, cst.CompFor)) and loop.target is pair
