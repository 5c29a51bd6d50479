"""A ``WeakKeyDictionary`` whose values reach their keys: values that nothing reads become weak references."""

from __future__ import annotations

import libcst as cst

from leaklint.model import Fix
from leaklint.repairs.draft import Draft
from leaklint.repairs.files import Files
from leaklint.repairs.holders import HolderDefinition
from leaklint.repairs.owners import Owners, apply
from leaklint.repairs.program import Program
from leaklint.repairs.referents import prepare
from leaklint.repairs.roles import Role, role_of
from leaklint.repairs.uses import Finder

NAME = "weakref.ref around the value"
_QUIET = frozenset({"truth", "contains", "delete-item", "identity", "idle", "bind", "unbind", "alias"})
_WITHOUT_VALUES = frozenset({"keys", "clear", "__contains__", "__len__"})


def weak_values(program: Program, holder: HolderDefinition, owner: str) -> Fix:
    """Return the repair that stores ``weakref.ref(value)``; ``owner`` is the class of the values, empty if it is not known.

    Each value has to be ``self`` or the key, alone or as one part of a tuple. Where a value is read, the container may be
    the one that keeps it for as long as its key lives, and a value that is made for the container has no other owner:
    both are left.
    """
    files = Files(program)
    draft = Draft(files)
    roles = tuple(role for role in map(role_of, Finder(files, holder).uses()) if role.use.depth == 0)
    stores = [role for role in roles if role.kind == "set-item"]
    owners = Owners(files)
    if owner:
        prepare(draft, owner)
    wrapped = [_wrap_store(draft, role, owners) for role in stores]
    if not stores or not all(wrapped):
        draft.refuse("what is stored is made for the container, so nothing else would keep it")
    for role in roles:
        if role.kind in _QUIET or role.kind == "set-item":
            continue
        if not role.use.sure:
            draft.refuse(f"{role.file.code(role.use.node)} at {role.place} may be this container or another one")
        elif not _reads_no_value(role):
            draft.refuse(f"the value read at {role.place} may be kept by nothing but this container")
    draft.assume("no value is meant to live only as long as its key")
    return draft.fix(NAME, "")


def _wrap_store(draft: Draft, role: Role, owners: Owners) -> bool:
    """Put ``self`` or the key, stored alone or in a tuple, into a weak reference; tell whether that could be done."""
    file, value = role.file, role.value
    parts = [one.value for one in value.elements] if isinstance(value, cst.Tuple) else [value]
    scope = role.use.scope.node
    first = scope.params.params[:1] if isinstance(scope, cst.FunctionDef) and role.use.scope.is_method else ()
    reaching = {role.key_text, *(one.name.value for one in first)}
    names = [one for one in parts if isinstance(one, cst.Name) and one.value in reaching]
    if not names:
        return False
    for name in names:
        apply(draft, owners.of(file, name, role.use.scope))
        made = draft.name(file, "ref", role.use.scope)
        draft.insert(file, file.start(name), f"{made}(")
        draft.insert(file, file.end(name), ")")
    return True


def _reads_no_value(role: Role) -> bool:
    """Tell whether a use shows keys alone, or throws the value away."""
    if role.kind == "iterate" or (role.kind == "argument" and role.name in {"len", "bool", "list", "set", "sorted"}):
        return True
    if role.kind != "call":
        return False
    dropped = isinstance(role.file.parent(role.call), cst.Expr)
    return role.name in _WITHOUT_VALUES or (role.name == "pop" and dropped)
