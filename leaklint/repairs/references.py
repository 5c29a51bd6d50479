"""Which holders the expressions of a program mean, worked out once for each name, whichever holder is asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, TypeVar
from weakref import WeakKeyDictionary

import libcst as cst

from leaklint.drafts.facts.model import Value
from leaklint.drafts.program import ClassRef, Program
from leaklint.repairs.files import ParsedFile
from leaklint.repairs.meaning import describe
from leaklint.repairs.scopes import CstBinding, CstScope

_HOPS = 6
_ELEMENT_CALLS = frozenset({"get", "setdefault", "pop"})
_COPIES = frozenset({"list", "tuple", "sorted", "reversed", "iter"})
_MAKERS = (cst.Dict, cst.DictComp, cst.List, cst.ListComp, cst.Set, cst.SetComp)
_CHAINS = (cst.Name, cst.Attribute, cst.Subscript, cst.Call)
T = TypeVar("T")
Key = tuple[str, str, str]
Denoted = tuple[Key, int] | None  # a holder and how deep inside of it; None: something else

_places: WeakKeyDictionary[ParsedFile, dict[str, list[int]]] = WeakKeyDictionary()


class Reference(NamedTuple):
    """An expression: its module, the number of its node there, how deep inside of a holder it is, whether that is sure."""

    module: str
    place: int
    depth: int
    sure: bool


@dataclass(slots=True)
class NameReferences:
    """What a program says by one name: for each holder the expressions that mean it, and those that may mean several.

    Those are attributes of the name: on something unknown (``open``), on ``self`` in methods of a class, which may be of
    a class below it (``inside``), on an object of a class, which may have it from a class above (``on``), and on a part
    of something (``parts``), of which no class is known.
    """

    denoting: dict[Key, list[Reference]] = field(default_factory=dict)
    open: list[Reference] = field(default_factory=list)
    inside: dict[ClassRef, list[Reference]] = field(default_factory=dict)
    on: dict[ClassRef, list[Reference]] = field(default_factory=dict)
    parts: list[Reference] = field(default_factory=list)

    def add(self, other: NameReferences, *, vague: bool) -> None:
        """Take in what is said elsewhere, what may mean several holders only if asked to."""
        _extend(self.denoting, other.denoting)
        if vague:
            self.open += other.open
            self.parts += other.parts
            _extend(self.inside, other.inside)
            _extend(self.on, other.on)


def _extend(table: dict[T, list[Reference]], other: Mapping[T, list[Reference]]) -> None:
    for key, references in other.items():
        table.setdefault(key, []).extend(references)


def read_references(program: Program, file: ParsedFile, name: str) -> NameReferences:
    """Return what one file says by a name."""
    found, reader = NameReferences(), _ReferenceReader(program, file)
    module = file.module.name
    for place in places(file).get(name, ()):
        node = file.nodes[place]
        if not is_expression(file, node):
            continue
        scope = file.scope(node)
        options = set(reader.denoted(node, scope))
        for key in {option[0] for option in options if option is not None}:
            depths = [option[1] for option in options if option is not None and option[0] == key]
            found.denoting.setdefault(key, []).append(Reference(module, place, min(depths), len(options) == 1))
        if isinstance(node, cst.Attribute):
            reference = Reference(module, place, 0, False)
            for value in describe(node.value, scope):
                reader.guess(found, reference, value, scope)
    return found


def denoted(program: Program, file: ParsedFile, node: cst.BaseExpression) -> Iterator[Denoted]:
    """Yield each holder that an expression may mean; None for something else."""
    return _ReferenceReader(program, file).denoted(node, file.scope(node))


def places(file: ParsedFile) -> dict[str, list[int]]:
    """Return for each name the numbers of the nodes that can mean by it a container, or a part of one."""
    if file not in _places:
        found = _places[file] = {}
        for place, node in enumerate(file.nodes):
            if isinstance(node, _CHAINS):
                for name in set(_names_of(node)):
                    found.setdefault(name, []).append(place)
    return _places[file]


def known_by(file: ParsedFile, word: str) -> set[str]:
    """Return ``word`` and all names of the file that are bound to something in which one of them occurs."""
    known, new = {word}, [word]
    while new:
        more = file.bound_to.get(new.pop(), frozenset()) - known
        known |= more
        new += more
    return known


class _ReferenceReader:
    """Reads what the expressions of one file mean."""

    def __init__(self, program: Program, file: ParsedFile) -> None:
        self.program = program
        self.holders = program.holders
        self.file = file
        self.module = file.module.name

    def denoted(self, node: cst.CSTNode | None, scope: CstScope, hops: int = _HOPS) -> Iterator[Denoted]:
        """Yield each holder that ``node`` may denote."""
        if node is None or hops == 0:
            yield None
        elif isinstance(node, cst.Name):
            yield from self._of_name(node, scope, hops)
        elif isinstance(node, cst.Attribute) or (isinstance(node, cst.Call) and _is_getattr(node)):
            yield from self._resolved(node, scope)
        elif isinstance(node, cst.Subscript):
            yield from _inner(self.denoted(node.value, scope, hops - 1))
        elif isinstance(node, cst.Call) and _is_element(node):
            yield from _inner(self.denoted(_receiver(node), scope, hops - 1))
        elif isinstance(node, (cst.BooleanOperation, cst.IfExp)):
            for side in _sides(node):
                yield from self.denoted(side, scope, hops - 1)
        elif isinstance(node, cst.NamedExpr):
            yield from self.denoted(node.value, scope, hops - 1)
        else:
            yield None

    def _resolved(self, node: cst.CSTNode, scope: CstScope) -> Iterator[Denoted]:
        function = self.file.function(_function_scope(scope))
        for value in describe(node, scope):
            known = self.holders.resolve(value, function, self.file.module)
            yield (known[0].key, known[1]) if known is not None else None

    def _of_name(self, node: cst.Name, scope: CstScope, hops: int) -> Iterator[Denoted]:
        name = node.value
        home = _home(name, scope)
        if home is None or (home.kind == "module" and not _loops(name, home)):
            yield from self._resolved(node, scope)
            return
        if name in home.params:
            yield self._own("default", home, name)
        for bound in home.bound.get(name, ()):
            yield from self._bound(bound, name, home, hops - 1)

    def _own(self, kind: str, home: CstScope, name: str) -> Denoted:
        """Return the holder that a parameter or a local of a function is, if it is one."""
        key = (kind, self.module, f"{home.qualname}.<locals>.{name}")
        holder = self.holders.all.get(key)
        return (
            (key, 0) if holder is not None and holder.kind != "object" else None
        )  # what a call gave is made elsewhere

    def _bound(self, bound: CstBinding, name: str, home: CstScope, hops: int) -> Iterator[Denoted]:
        node = bound.node
        if bound.how == "value" and node is not None:
            made = isinstance(node, (*_MAKERS, cst.Call)) or _is_none(node)
            own = self._own("closure", home, name) if made else None
            if own is not None:
                yield own
            if not _is_none(node):
                yield from (option for option in self.denoted(node, home, hops) if own is None or option is not None)
        elif bound.how == "element" or (_is_items(node) and _is_second_of_pair(self.file, bound)):
            yield from self._element(node, home, hops)
        else:
            yield None

    def _element(self, node: cst.CSTNode | None, scope: CstScope, hops: int) -> Iterator[Denoted]:
        """What a loop over ``node`` gives: the values of a map's views, the elements of a list or set."""
        node = _without_copy(node)
        if isinstance(node, cst.Call) and _method_of(node) in {"values", "items"}:
            yield from _inner(self.denoted(_receiver(node), scope, hops))
        else:
            for option in self.denoted(node, scope, hops):
                plain = option is None or self.holders.all[option[0]].kind not in {"list", "set"}
                yield None if option is None or plain else (option[0], option[1] + 1)

    def guess(self, found: NameReferences, reference: Reference, value: Value, scope: CstScope) -> None:
        """Note which holders an attribute may mean, if ``value`` is what it is an attribute of."""
        names = self.program.names
        function = self.file.function(_function_scope(scope))
        if value.kind in {"self", "cls", "super"} and not value.path:
            own = self.holders.owner_of(function, self.file.module)
            if own is not None:
                found.inside.setdefault(own, []).append(reference)
        elif value.kind == "global":
            referent = names.find(self.module, tuple(step for step in value.path if step != "[]"))
            if referent.kind == "binding":
                (found.parts if "[]" in value.path or referent.rest else found.open).append(reference)
        elif (value.kind == "param" and not value.path) or (value.kind == "call" and value.parts):
            given = value.kind == "param"
            ref = (
                self._annotated(function.qualname, value.name) if given else names.as_class(self.module, value.parts[0])
            )
            for one in names.ancestors(ref) if ref is not None and not value.path else ():
                found.on.setdefault(one, []).append(reference)
            if given and ref is None:
                found.open.append(reference)
        elif value.kind in {"unknown", "param"}:
            found.open.append(reference)
        elif value.path:
            found.parts.append(reference)

    def _annotated(self, function: str, name: str) -> ClassRef | None:
        """Return the class that a parameter is said to be of, if it is one of the program."""
        facts = self.file.module.functions.get(function)
        texts = [param.annotation for param in facts.params if param.name == name] if facts is not None else []
        text = texts[0].strip("\"' ") if texts else ""
        return self.program.names.as_class(self.module, Value("global", tuple(text.split(".")))) if text else None


def _names_of(node: cst.CSTNode) -> Iterator[str]:
    """Yield the names at which an expression can begin to mean a holder."""
    if isinstance(node, (cst.Subscript, cst.Call)) and not (isinstance(node, cst.Call) and _is_getattr(node)):
        inner = node.value if isinstance(node, cst.Subscript) else _receiver(node) if _is_element(node) else None
        if not isinstance(inner, _CHAINS):
            return
    stack: list[tuple[cst.CSTNode | None, int]] = [(node, _HOPS)]
    while stack:
        here, hops = stack.pop()
        if hops == 0:
            continue
        if isinstance(here, cst.Name):
            yield here.value
        elif isinstance(here, cst.Attribute):
            yield here.attr.value
        elif isinstance(here, cst.Call) and _is_getattr(here):
            said = here.args[1].value
            if isinstance(said, cst.SimpleString):
                yield str(said.evaluated_value)
        elif isinstance(here, (cst.BooleanOperation, cst.IfExp)):
            stack += [(side, hops - 1) for side in _sides(here)]
        elif isinstance(here, (cst.Subscript, cst.NamedExpr)):
            stack.append((here.value, hops - 1))
        elif isinstance(here, cst.Call) and _is_element(here):
            stack.append((_receiver(here), hops - 1))


def _inner(options: Iterator[Denoted]) -> Iterator[Denoted]:
    return (None if option is None else (option[0], option[1] + 1) for option in options)


def _sides(node: cst.BooleanOperation | cst.IfExp) -> tuple[cst.BaseExpression, cst.BaseExpression]:
    return (node.left, node.right) if isinstance(node, cst.BooleanOperation) else (node.body, node.orelse)


def _method_of(node: cst.Call) -> str:
    return node.func.attr.value if isinstance(node.func, cst.Attribute) else ""


def _receiver(node: cst.Call) -> cst.BaseExpression | None:
    return node.func.value if isinstance(node.func, cst.Attribute) else None


def _is_element(node: cst.Call) -> bool:
    return _method_of(node) in _ELEMENT_CALLS


def _is_getattr(node: cst.Call) -> bool:
    return isinstance(node.func, cst.Name) and node.func.value == "getattr" and len(node.args) >= 2


def _is_none(node: cst.CSTNode) -> bool:
    return isinstance(node, cst.Name) and node.value == "None"


def _without_copy(node: cst.CSTNode | None) -> cst.CSTNode | None:
    while isinstance(node, cst.Call) and isinstance(node.func, cst.Name) and node.func.value in _COPIES and node.args:
        node = node.args[0].value
    return node


def _is_items(node: cst.CSTNode | None) -> bool:
    node = _without_copy(node)
    return isinstance(node, cst.Call) and _method_of(node) == "items"


def _loops(name: str, home: CstScope) -> bool:
    return any(bound.how in {"element", "part"} for bound in home.bound.get(name, ()))


def is_expression(file: ParsedFile, node: cst.CSTNode) -> bool:
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


def _in_lambda(file: ParsedFile, node: cst.Name) -> bool:
    """Tell whether a parameter of a lambda around ``node`` has its name."""
    for above in file.around(node):
        if isinstance(above, (cst.FunctionDef, cst.ClassDef)):
            return False
        if isinstance(above, cst.Lambda):
            params = [*above.params.posonly_params, *above.params.params, *above.params.kwonly_params]
            if any(param.name.value == node.value for param in params):
                return True
    return False


def _function_scope(scope: CstScope) -> CstScope:
    here = scope
    while here.kind == "class" and here.parent is not None:
        here = here.parent
    return here


def _home(name: str, scope: CstScope) -> CstScope | None:
    """Return the scope that binds ``name`` as seen from ``scope``: None for one bound nowhere but in a class body."""
    if scope.kind == "class":
        return None if name in scope.bound else _home_above(name, scope)
    if name in scope.outer:
        return next((one for one in scope.enclosing() if name in one.bound and name not in one.outer), None)
    if name in scope.bound or name in scope.params:
        return scope
    return _home_above(name, scope)


def _home_above(name: str, scope: CstScope) -> CstScope | None:
    for one in scope.enclosing():
        if name in one.params or (name in one.bound and name not in one.outer):
            return one
    return None


def _is_second_of_pair(file: ParsedFile, bound: CstBinding) -> bool:
    """Tell whether a name is the second of the two that a loop binds."""
    element = file.parent(bound.target)
    pair = file.parent(element) if element is not None else None
    if not isinstance(pair, cst.Tuple) or len(pair.elements) != 2 or pair.elements[1] is not element:
        return False
    loop = file.parent(pair)
    return isinstance(loop, (cst.For, cst.CompFor)) and loop.target is pair
