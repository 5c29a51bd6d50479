"""Objects that are put into a container several at once: which they are, and whether anything made them for it alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import libcst as cst

from leaklint.contracts.library import named_by_nature
from leaklint.flow.terms import NONE, Term, options
from leaklint.repairs.callees import reached
from leaklint.repairs.files import Files, ParsedFile
from leaklint.repairs.references import denoted
from leaklint.repairs.roles import Role
from leaklint.repairs.scopes import CstScope, walk

_HOPS = 5
_ANEW = named_by_nature("makes objects anew")
_SAME_ELEMENTS = frozenset("list tuple set frozenset dict sorted reversed iter filter".split())
_VIEWS = frozenset({"items", "values", "copy"})
_WITH_DEFAULT = frozenset({"get", "pop"})
_COMPS = (cst.ListComp, cst.SetComp, cst.GeneratorExp)


def merges(role: Role) -> bool:
    """Tell whether a use puts the elements of another container in: by ``update``, ``extend``, ``+=`` or ``|=``."""
    if role.kind == "augment" and isinstance(role.node, cst.AugAssign):
        return isinstance(role.node.operator, (cst.AddAssign, cst.BitOrAssign))
    return role.kind == "call" and role.name in {"extend", "update"}


def _merged(role: Role) -> list[cst.BaseExpression]:
    return role.arguments if role.kind == "call" else [role.value] if role.value is not None else []


def elements(role: Role, side: str) -> Iterator[cst.BaseExpression]:
    """Yield what a use that merges puts on one ``side`` of a container, as far as it is written out."""
    yield from _spread(role, _merged(role), side)
    if role.kind == "call" and side == "value":
        yield from [one.value for one in role.call.args if one.keyword is not None]


def unwritten(role: Role, side: str) -> str:
    """Return the expression whose elements a use puts in without saying what they are; nothing where there is none.

    What an attribute or a variable of the module has is kept by that.
    """
    for node in _merged(role) if merges(role) else ():
        empty = isinstance(node, (cst.List, cst.Tuple, cst.Set, cst.Dict)) and not node.elements
        if not empty and not _is_held(role, node) and next(_spread(role, [node], side), None) is None:
            return role.file.code(node)
    return ""


def _is_held(role: Role, node: cst.BaseExpression) -> bool:
    """Tell whether an expression names what goes on living: an attribute, a variable of the module, a local that is kept."""
    scope = role.use.scope
    if not isinstance(node, cst.Name):
        return isinstance(node, cst.Attribute)
    return (node.value not in scope.bound and node.value not in scope.params) or _outlives(role.file, scope, node.value)


def merged_anew(files: Files, role: Role) -> str:
    """Return what makes the elements that a use merges anew and keeps none of them, with its place; else nothing."""
    found = (made_anew(files, role.file, node, role.use.scope) for node in (_merged(role) if merges(role) else ()))
    return next(filter(None, found), "")


def _spread(role: Role, merged: Iterable[cst.CSTNode], side: str) -> Iterator[cst.BaseExpression]:
    """Yield the elements of what is merged into a container, as far as they are written out; of a mapping one ``side``."""
    for node in merged:
        if isinstance(node, (cst.List, cst.Tuple, cst.Set)):
            yield from [_half(element.value, side) for element in node.elements if isinstance(element, cst.Element)]
        elif isinstance(node, _COMPS):
            yield _half(node.elt, side)
        elif isinstance(node, cst.Dict):
            pairs = [element for element in node.elements if isinstance(element, cst.DictElement)]
            yield from [pair.key if side == "key" else pair.value for pair in pairs]
        elif isinstance(node, cst.DictComp):
            yield node.key if side == "key" else node.value
        elif isinstance(node, cst.Name) and not _outlives(role.file, role.use.scope, node.value):
            for bound in role.use.scope.bound.get(node.value, ()):
                if bound.how == "value" and isinstance(
                    bound.node, (cst.List, cst.Tuple, cst.Set, cst.ListComp, cst.Dict)
                ):
                    yield from _spread(role, [bound.node], side)


def _half(node: cst.BaseExpression, side: str) -> cst.BaseExpression:
    """Return the key or the value of a pair that is put into a mapping, whatever is put into something else as it is."""
    pair = isinstance(node, cst.Tuple) and len(node.elements) == 2 and side in {"key", "value"}
    return node.elements[0 if side == "key" else 1].value if pair and isinstance(node, cst.Tuple) else node


def put_back(files: Files, role: Role, node: cst.BaseExpression) -> bool:
    """Tell whether what is stored has been taken out of the same container: whoever kept it before keeps it still."""
    program = files.program
    home = set(denoted(program, role.file.denoted(role.use.node)))
    term = role.file.denoted(node)
    inside = {(one[0], one[1] + 1) for one in home if one is not None}
    return len(home) == 1 and set(denoted(program, term)) == inside and not any(map(_has_default, options(term)))


def _has_default(term: Term) -> bool:
    """Tell whether a look-up gives something of its own for what is not there."""
    look_up = term[0] == "call" and term[1][0] == "attr" and term[1][2] in _WITH_DEFAULT | {"setdefault"}
    return look_up and len(term[2]) > 1 and term[2][1] != NONE


def made_anew(files: Files, file: ParsedFile, node: cst.CSTNode | None, scope: CstScope, hops: int = _HOPS) -> str:
    """Return what makes the elements of ``node`` anew and keeps none of them, with its place; nothing where none does.

    That is what reads objects from a file or copies them, also through functions of the program and local names.
    """
    if not hops or node is None:
        return ""
    if isinstance(node, cst.Call):
        return _of_call(files, file, node, scope, hops)
    if isinstance(node, cst.Name):
        ways = scope.bound.get(node.value, ())
        if _is_filed(file, scope, node.value):
            return ""
        return _first(files, file, [one.node for one in ways if one.how in {"value", "enter"}], scope, hops)
    if isinstance(node, cst.BaseComp):
        loops = [cst_for.iter for cst_for in walk(node) if isinstance(cst_for, cst.CompFor)]
        made = node.value if isinstance(node, cst.DictComp) else getattr(node, "elt", None)
        return _first(files, file, [made] if isinstance(made, cst.Call) else loops, scope, hops)
    inner = {cst.Await: "expression", cst.NamedExpr: "value", cst.Subscript: "value"}.get(type(node))
    return made_anew(files, file, getattr(node, inner), scope, hops) if inner else ""


def _first(files: Files, file: ParsedFile, nodes: Iterable[cst.CSTNode | None], scope: CstScope, hops: int) -> str:
    return next(filter(None, (made_anew(files, file, one, scope, hops - 1) for one in nodes)), "")


def _of_call(files: Files, file: ParsedFile, call: cst.Call, scope: CstScope, hops: int) -> str:
    if files.program.outside(file.denoted(call.func)) in _ANEW:
        return f"{file.code(call.func)}() at {file.place(call)}"
    given = [one.value for one in call.args if one.keyword is None]
    if isinstance(call.func, cst.Name) and call.func.value in _SAME_ELEMENTS:
        return _first(files, file, given[-1:], scope, hops)
    if isinstance(call.func, cst.Attribute) and call.func.attr.value in _VIEWS:
        return made_anew(files, file, call.func.value, scope, hops - 1)
    there = reached(files, file, call)
    if there is None:
        return ""
    results = [below.value for below in walk(there.node.body) if isinstance(below, (cst.Return, cst.Yield))]
    return _first(files, there.file, results, there.scope, hops)


def _outlives(file: ParsedFile, scope: CstScope, name: str) -> bool:
    """Tell whether a local list goes on living: returned, or put into an attribute."""
    above = (file.parent(node) for node in _loads(scope, name))
    return _is_filed(file, scope, name) or any(isinstance(one, (cst.Return, cst.Yield)) for one in above)


def _is_filed(file: ParsedFile, scope: CstScope, name: str) -> bool:
    """Tell whether a local variable is put into an attribute, or into something under a key."""
    for node in _loads(scope, name):
        above = file.parent(node)
        if isinstance(above, cst.Assign) and above.value is node:
            if any(isinstance(target.target, (cst.Attribute, cst.Subscript)) for target in above.targets):
                return True
    return False


def _loads(scope: CstScope, name: str) -> Iterator[cst.Name]:
    return (node for node in walk(scope.node) if isinstance(node, cst.Name) and node.value == name)
