"""Rewriting the uses of a set or list so that it can be a WeakSet."""

from __future__ import annotations

from collections.abc import Iterable

import libcst as cst

from leaklint.repairs.callees import WALKERS, names_class, only_walked
from leaklint.repairs.cleanup import dropped
from leaklint.repairs.draft import Draft
from leaklint.repairs.escapes import plain_wanted
from leaklint.repairs.mapping import COPYING, snapshot, taken
from leaklint.repairs.order import ORDERLESS, feeds_a_set
from leaklint.repairs.roles import Role

_OF_SETS = frozenset(
    "add clear difference difference_update discard intersection intersection_update isdisjoint issubset issuperset pop "
    "remove symmetric_difference symmetric_difference_update union update __contains__ __len__ __iter__".split()
)
# What these take may be no objects, of which a WeakSet makes weak references; and what they give must not be weak, too.
_ALGEBRA = frozenset("difference intersection isdisjoint issubset issuperset symmetric_difference union".split())
_TAKING = frozenset({"difference_update", "intersection_update", "symmetric_difference_update"})
_CHOOSING = frozenset({"sorted", "min", "max", "nlargest", "nsmallest"})
_FROM_LIST = {"append": "add", "extend": "update", "remove": "remove", "clear": "clear"}
_REAL = COPYING | {"isinstance", "issubclass", "type", "super", "Process", "copy"}
_PASSED = frozenset(
    {"alias", "alias-target", "local-target", "bind", "truth", "identity", "idle", "unbind", "contains"}
)


def convert(draft: Draft, roles: Iterable[Role], kind: str) -> None:
    """Add to ``draft`` what the uses ask for; ``kind`` is what the container is now, ``list`` or ``set``."""
    every = tuple(roles)
    for role in every:
        if role.kind in _PASSED:
            continue
        if not role.use.sure:
            draft.refuse(f"{role.file.code(role.use.node)} at {role.place} may be this container or another one")
        elif dropped(draft, role, every):
            continue
        elif role.kind == "call":
            _called(draft, role, kind)
        elif role.kind == "iterate":
            snapshot(draft, role, role.use.node, every)
            if not feeds_a_set(role.file, role.node):
                _order(draft, role, kind)
        elif role.kind == "argument":
            _handed(draft, role, kind)
        else:
            _other(draft, role, kind)
    if kind == "list":
        _once(draft, every)


def _order(draft: Draft, role: Role, kind: str) -> None:
    if kind == "list":
        draft.assume(f"the order in which the container is walked at {role.place} does not matter")


def _called(draft: Draft, role: Role, kind: str) -> None:
    name, file = role.name, role.file
    if name == "copy":
        draft.replace(file, role.call, f"{kind}({file.code(role.use.node)})")
        _order(draft, role, kind)
    elif kind == "list":
        if name not in _FROM_LIST:
            draft.refuse(f"a WeakSet has no {name}() as a list has, which is used at {role.place}")
        elif name == "remove" and _missing_is_expected(role):
            _rename(draft, role, "discard")
        elif name != _FROM_LIST[name]:
            _rename(draft, role, _FROM_LIST[name])
    elif name not in _OF_SETS:
        draft.refuse(f"a WeakSet has no {name}(), which is used at {role.place}")
    elif name in _ALGEBRA:
        draft.replace(file, role.use.node, f"set({file.code(role.use.node)})")
    elif name in _TAKING:
        draft.assume(f"{name}() at {role.place} is given nothing else than what the container may hold")


def _rename(draft: Draft, role: Role, name: str) -> None:
    attribute = role.call.func if isinstance(role.node, cst.Call) else role.node
    if isinstance(attribute, cst.Attribute):
        draft.replace(role.file, attribute.attr, name)


def _missing_is_expected(role: Role) -> bool:
    """Tell whether ``remove`` stands in a ``try`` for the ValueError that lists raise, with nothing done about it."""
    below: cst.CSTNode = role.node
    for above in role.file.around(role.node):
        if isinstance(above, (cst.FunctionDef, cst.ClassDef)):
            return False
        if isinstance(above, cst.With) and any("ValueError" in role.file.code(item.item) for item in above.items):
            return True
        if isinstance(above, cst.Try) and above.body is below:
            return any(
                handler.type is not None and "ValueError" in role.file.code(handler.type) for handler in above.handlers
            )
        below = above
    return False


def _handed(draft: Draft, role: Role, kind: str) -> None:
    last = role.name.rpartition(".")[2]
    if last in COPYING and kind == "set":
        draft.replace(role.file, role.use.node, f"set({role.file.code(role.use.node)})")
        draft.assume(f"what nobody holds any more need not be in what {role.name}() at {role.place} makes")
    elif last in _REAL and role.name != "copy":
        draft.refuse(f"{role.name}() at {role.place} needs a real {kind}")
    elif last == "reversed":
        draft.refuse(f"reversed() at {role.place} needs an order, and a WeakSet has none")
    elif last in WALKERS and only_walked(draft.files, role):
        tied = last in _CHOOSING and any(
            one.keyword is not None and one.keyword.value == "key" for one in role.call.args
        )
        if tied or last not in ORDERLESS | {"id"}:  # of those that are equal by their keys the first one counts
            _order(draft, role, kind)
    elif kind == "list":
        draft.refuse(f"{role.name}() at {role.place} gets the container and may use it as a list")
    else:
        taken(draft, role, "a WeakSet", f"set({role.file.code(role.use.node)})")


def _other(draft: Draft, role: Role, kind: str) -> None:
    file, text = role.file, role.file.code(role.use.node)
    if role.kind in {"get-item", "set-item", "delete-item", "augment-item"}:
        _by_index(draft, role, text)
    elif role.kind == "compare":
        draft.refuse(f"the comparison at {role.place} would never hold: a WeakSet equals no {kind}")
    elif role.kind == "augment" and isinstance(role.node, cst.AugAssign):
        _merge(draft, role, role.node, kind)
    elif role.kind == "operand":
        if kind == "list":
            draft.refuse(f"the operator at {role.place} needs a real list")
        else:
            draft.replace(file, role.use.node, f"set({text})")
    elif role.kind == "method" and kind == "list" and role.name in _FROM_LIST:
        if role.name != _FROM_LIST[role.name]:
            _rename(draft, role, _FROM_LIST[role.name])
    elif role.kind == "method" and (kind == "list" or role.name not in _OF_SETS - _ALGEBRA):
        draft.refuse(f"a WeakSet has no {role.name}, which is used at {role.place}")
    elif role.kind == "shown" and kind == "set":
        draft.replace(file, role.use.node, f"set({text})")
    elif role.kind == "shown":
        draft.refuse(f"the text made at {role.place} shows the entries in their order")
    elif role.kind == "star":
        _order(draft, role, kind)
    elif role.kind == "matched" and kind == "list":
        draft.refuse(f"the patterns at {role.place} tell a list from a WeakSet")
    elif role.kind == "matched" and names_class(role):
        draft.replace(file, role.use.node, f"set({text})")
    elif role.kind == "escape":
        _escapes(draft, role, kind)


def _escapes(draft: Draft, role: Role, kind: str) -> None:
    if kind == "list":
        draft.refuse(f"the container is {role.name} at {role.place}, where it may be used as a list")
    elif place := plain_wanted(draft.files, role):
        draft.refuse(f"the container is {role.name} at {role.place}, and {place} needs a plain one")
    else:
        draft.hand_on(f"whoever gets the container where it is {role.name} ({role.place}) gets along with a WeakSet")


def _by_index(draft: Draft, role: Role, text: str) -> None:
    """``del reg[:]`` and ``reg[:]`` have another spelling; any other index or slice needs a list."""
    file, node = role.file, role.node
    part = node.slice[0].slice if isinstance(node, cst.Subscript) and len(node.slice) == 1 else None
    whole = isinstance(part, cst.Slice) and part.lower is None and part.upper is None and part.step is None
    if whole and role.kind == "delete-item" and isinstance(file.parent(node), cst.Del):
        draft.replace(file, file.parent(node) or node, f"{text}.clear()")
    elif whole and role.kind == "get-item":
        draft.replace(file, node, f"list({text})")
        _order(draft, role, "list")
    else:
        draft.refuse(f"the container is indexed at {role.place}, and a WeakSet has no order")


def _merge(draft: Draft, role: Role, node: cst.AugAssign, kind: str) -> None:
    if kind == "list" and isinstance(node.operator, cst.AddAssign):
        draft.splice(role.file, role.file.end(node.target), role.file.start(node.value), ".update(")
        draft.insert(role.file, role.file.end(node.value), ")")
    elif kind == "list":
        draft.refuse(f"the augmented assignment at {role.place} needs a real list")


def _once(draft: Draft, roles: tuple[Role, ...]) -> None:
    """A list may hold an object twice, a WeakSet cannot: it shows where entries are counted or walked."""
    if not any(role.kind == "iterate" or (role.kind == "argument" and role.name != "bool") for role in roles):
        return
    guarded = {id(role.use.scope) for role in roles if role.kind == "contains"}
    for role in roles:
        if role.kind == "call" and role.name in {"append", "extend"} and id(role.use.scope) not in guarded:
            if role.use.scope.name not in {"__init__", "__new__", "__post_init__"}:
                draft.assume(f"no object is put in twice at {role.place}")
