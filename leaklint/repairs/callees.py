"""Functions of the program that are handed something: which one a call reaches, and what it does with a container."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import libcst as cst

from leaklint.contracts.library import of_nature
from leaklint.repairs.files import Files, ParsedFile
from leaklint.repairs.holders import last_word
from leaklint.repairs.roles import Role, role_of
from leaklint.repairs.scopes import CstScope, dotted_name, walk
from leaklint.repairs.uses import Use

_HOPS = 4
_CHANGES = frozenset(
    "append appendleft add insert extend update setdefault pop popitem popleft remove discard clear sort reverse "
    "difference_update intersection_update symmetric_difference_update __setitem__ __delitem__".split()
)
_REAL = of_nature("makes a copy") | {"isinstance", "issubclass", "type", "super", "Process", "reversed"}
_SHOWING = frozenset({"str", "repr", "print", "format", "ascii", "pprint", "pformat"})
_VIEWS = frozenset({"keys", "values", "items"})
# Methods that a weak dictionary or a WeakSet has as well.
OF_WEAK = frozenset(
    "get keys values items copy __contains__ __len__ __getitem__ __iter__ difference intersection isdisjoint issubset "
    "issuperset symmetric_difference union".split()
)
_ABSTRACT = frozenset({"Mapping", "MutableMapping", "Iterable", "Sized", "Container", "Collection"})
#: Calls that only walk what they are given, or ask its length, where they are not functions of the program.
WALKERS = frozenset(
    "len bool id list tuple set frozenset sorted iter enumerate zip map filter any all sum min max next join chain Counter "
    "from_iterable extend difference union intersection reduce fsum prod mean fmean median deque islice groupby product "
    "combinations permutations accumulate takewhile dropwhile filterfalse zip_longest nlargest nsmallest".split()
)
_WALKS = WALKERS | {"dict"}
_BINDING = frozenset({"staticmethod", "classmethod"}) | of_nature("marker") | of_nature("property")
_HARMLESS = frozenset(
    {"matched", "iterate", "contains", "get-item", "truth", "identity", "idle", "alias-target", "local-target"}
)


@dataclass(frozen=True, slots=True)
class Demand:
    """What functions want of a container: the places that need a plain one, that change it, and that are not followed."""

    plain: str = ""
    changed: str = ""
    unknown: str = ""

    def joined(self, other: Demand) -> Demand:
        """Return what both want."""
        return Demand(self.plain or other.plain, self.changed or other.changed, self.unknown or other.unknown)


@dataclass(frozen=True, slots=True, eq=False)
class Reached:
    """A function of the program as a call reaches it: the file and scope of its body, and what is given by parameter."""

    file: ParsedFile
    scope: CstScope
    node: cst.FunctionDef
    given: dict[str, cst.BaseExpression]


def reached(files: Files, file: ParsedFile, call: cst.Call) -> Reached | None:
    """Return the one function of the program that a call runs; None where that is not known."""
    callee = files.program.callee(file.denoted(call.func))
    if callee is None or callee.is_class:
        return None
    function = files.program.functions[callee.key]
    home = files.of(callee.key)
    node = home.definition(function)
    if node is None:
        return None
    names = [one.name for one in function.params if one.kind == "pos"][callee.shift :]
    known = {*names, *(one.name for one in function.params if one.kind == "kw")}
    given: dict[str, cst.BaseExpression] = {}
    positional = [argument for argument in call.args if argument.keyword is None]
    for argument, name in zip(positional, names, strict=False):
        if argument.star:
            break
        given[name] = argument.value
    keywords = {argument.keyword.value: argument.value for argument in call.args if argument.keyword is not None}
    given.update({name: value for name, value in keywords.items() if name in known})
    return Reached(home, home.inner(node), node, given)


def only_walked(files: Files, role: Role) -> bool:
    """Tell whether a function that gets the container is what its name says: none of the program, and given no keyword."""
    return not role.by_keyword and files.program.callee(role.file.denoted(role.call.func)) is None


def demand(files: Files, role: Role, hops: int = _HOPS) -> Demand:
    """Return what the function wants of the container that is handed to it in a role of the kind ``argument``."""
    last = role.name.rpartition(".")[2]
    there = reached(files, role.file, role.call) if hops else None
    name = next((name for name, node in there.given.items() if node is role.use.node), "") if there is not None else ""
    if there is None or not name:
        if last in _REAL | _SHOWING:
            return Demand(plain=role.place)
        inner = list(_roles_by_heap(files, role)) if hops else []
        return _joined(files, inner, hops) if inner else Demand(unknown=role.place)
    outer = {last_word(one.term) for one in there.file.function(there.scope).decorators} - _BINDING
    found = _joined(files, _roles(there, name), hops)
    return found.joined(Demand(unknown=role.place)) if outer else found


def _joined(files: Files, roles: Iterable[Role], hops: int) -> Demand:
    found = Demand()
    for inner in roles:
        found = found.joined(demand_of_use(files, inner, hops))
    return found


def _roles_by_heap(files: Files, role: Role) -> Iterator[Role]:
    """Yield what is done with an argument by a lambda, the ``__call__`` of an object, or a function that gets it early."""
    program, given = files.program, [one.value for one in role.call.args]
    if any(one.star or one.keyword is not None for one in role.call.args):
        return
    callee: cst.BaseExpression = role.call.func
    if any(value[0] == "partial" for value in program.points_to.evaluate(role.file.denoted(role.call))) and given:
        callee, *given = given
    place = next((number for number, node in enumerate(given) if node is role.use.node), len(given))
    for value in program.points_to.evaluate(role.file.denoted(callee)):
        key = value[1] if value[0] == "func" else None
        if value[0] in {"inst", "self"} and value[1] in program.names.classes:
            key = program.classes.method(value[1], "__call__")
        function = program.functions.get(key or "")
        names = [one.name for one in function.params if one.kind == "pos"][value[0] != "func" :] if function else []
        if function is None or program.module_of(function.key) not in program.modules or place >= len(names):
            continue
        home = files.of(function.key)
        node = home.definition(function) or home.at(home.source.span_of(function.place), cst.Lambda)
        for below in walk(node.body) if node is not None else ():
            if isinstance(below, cst.Name) and below.value == names[place] and home.term(below) is not None:
                yield role_of(Use(home, below, home.scope(below), 0))


def names_class(role: Role) -> bool:
    """Tell whether a ``match`` statement asks for the class of what it looks at; mappings that are none match as such."""
    cases = role.node.cases if isinstance(role.node, cst.Match) else ()
    return any(isinstance(below, cst.MatchClass) for case in cases for below in walk(case.pattern))


def _roles(there: Reached, name: str) -> Iterator[Role]:
    """Yield what a function does with a parameter; a name that inner functions use is not followed."""
    for node in walk(there.node.body):
        if isinstance(node, cst.Name) and node.value == name and there.file.evaluates(node):
            yield role_of(Use(there.file, node, there.file.scope(node), 0))


def demand_of_use(files: Files, role: Role, hops: int) -> Demand:
    """Return what a use of something that is the container wants of it."""
    if role.kind == "argument":
        last = role.name.rpartition(".")[2]
        if last in _WALKS and only_walked(files, role):
            return Demand()
        arguments = role.arguments
        if last == "isinstance" and len(arguments) == 2:
            kinds = {part.rpartition(".")[2] for part in role.file.code(arguments[1]).strip("()").split(",")}
            return Demand() if {kind.strip() for kind in kinds} <= _ABSTRACT else Demand(plain=role.place)
        return demand(files, role, hops - 1)
    if role.kind in {"call", "method"}:
        if role.name in _VIEWS and not _is_walked(role):
            return Demand(plain=role.place)
        if role.name in _CHANGES:
            return Demand(changed=role.place)
        return Demand() if role.name in OF_WEAK else Demand(plain=role.place)
    if role.kind in {"set-item", "delete-item", "augment-item", "augment"}:
        return Demand(changed=role.place)
    if role.kind == "star":
        return Demand(plain=role.place) if role.name == "**" else Demand()
    if role.kind in {"operand", "compare", "shown"} or (role.kind == "matched" and names_class(role)):
        return Demand(plain=role.place)
    return Demand() if role.kind in _HARMLESS else Demand(unknown=role.place)


def _is_walked(role: Role) -> bool:
    """Tell whether a view of the entries is only walked, which generators can be as well."""
    above = role.file.parent(role.node)
    if isinstance(above, cst.Arg):
        call = role.file.parent(above)
        name = dotted_name(call.func).rpartition(".")[2] if isinstance(call, cst.Call) else ""
        return bool(above.star) or name in _WALKS - {"len", "bool"}
    return isinstance(above, (cst.For, cst.CompFor, cst.StarredElement, cst.From, cst.Expr))
