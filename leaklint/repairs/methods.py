"""Callbacks: a list of bound methods holds WeakMethods, and the loop that calls them skips the dead."""

from __future__ import annotations

from collections.abc import Iterable

import libcst as cst

from leaklint.flow.terms import Term, options
from leaklint.model import Fix
from leaklint.repairs.draft import Draft
from leaklint.repairs.files import Files
from leaklint.repairs.holders import HolderDefinition
from leaklint.repairs.owners import Owners
from leaklint.repairs.program import Program, parameter
from leaklint.repairs.referents import prepare
from leaklint.repairs.reflist import References
from leaklint.repairs.roles import Role, role_of
from leaklint.repairs.uses import Finder
from leaklint.repairs.weakening import keep_made, kind_of_holder, stored

NAME = "weakref.WeakMethod"
_ASKS = frozenset({"remove", "discard", "index", "count"})


def bound_methods(program: Program, holder: HolderDefinition, classes: Iterable[str] = (), depth: int = 0) -> Fix:
    """Return the repair that makes a list or set of callbacks hold bound methods weakly.

    ``classes`` are the classes that the methods are bound to. Every store has to be a bound method: a plain function or
    a lambda in the same container has no other owner and would have to be told apart when it is called.
    """
    kind = kind_of_holder(holder, ()) if not depth else holder.inner or "list"
    if kind not in {"list", "set"} and (depth or holder.kind != "none"):
        return _kept_in(kind)
    files = Files(program)
    draft = Draft(files)
    every = tuple(map(role_of, Finder(files, holder).uses()))
    roles = tuple(role for role in every if role.use.depth == depth)
    kind = kind or kind_of_holder(holder, roles)
    if kind not in {"list", "set"}:
        return _kept_in(kind)
    for ref in classes:
        prepare(draft, ref)
    for role in roles:
        for node in stored(role, "element"):
            _check(draft, node, role)
        if role.kind == "call" and role.name in _ASKS and role.arguments:
            _check(draft, role.arguments[0], role)
        if role.kind == "contains" and role.key is not None:
            _check(draft, role.key, role)
    References(draft, "WeakMethod", kind).convert(roles)
    if not depth and kind == "list":
        keep_made(draft, roles, "WeakMethod", Owners(files))
    if not any(stored(role, "element") for role in roles):
        draft.refuse("what fills the container could not be read")
    draft.assume("no callback is meant to keep its object alive")
    return draft.fix(NAME, "")


def _kept_in(kind: str) -> Fix:
    return Fix("none", NAME, f"the callbacks are kept in a {kind or 'container of its own kind'}, looked up one by one")


def _check(draft: Draft, node: cst.CSTNode, role: Role) -> None:
    """Refuse unless ``node`` is a bound method, or a parameter that every call of the program gives one for."""
    program, file = draft.files.program, role.file
    for term in options(file.denoted(node)):
        if parameter(program, term):
            function = file.function(role.use.scope)
            given = [call.bound[term[2]] for call in program.calls(function.key) if term[2] in call.bound]
            if given and all(_is_method(program, way) for one in given for way in options(one)):
                draft.assume(f"every caller of {function.name}() passes a bound method, as those of these files do")
                continue
            draft.refuse(f"the {term[2]} stored at {role.place} may be a plain function, which would die at once")
        elif not _is_method(program, term):
            draft.refuse(f"{file.code(node)} at {role.place} is not known to be a bound method")


def _is_method(program: Program, term: Term) -> bool:
    """Tell whether a term is a method of the object or class that its function is called on."""
    if term[0] != "attr" or not (program.is_self(term[1]) or program.holders.class_of_cls(term[1])):
        return False
    callee = program.callee(term)
    return (
        callee is not None and not callee.is_class and program.functions[callee.key].kind in {"method", "classmethod"}
    )
