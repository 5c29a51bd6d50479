"""Rewriting the uses of a dict so that it can be a WeakValueDictionary or a WeakKeyDictionary."""

from __future__ import annotations

from collections.abc import Iterable

import libcst as cst

from leaklint.contracts.library import of_nature
from leaklint.repairs.callees import WALKERS, demand, names_class, only_walked
from leaklint.repairs.cleanup import dropped
from leaklint.repairs.draft import Draft
from leaklint.repairs.escapes import plain_wanted
from leaklint.repairs.roles import Role
from leaklint.repairs.scopes import walk

# Methods that weak dictionaries have with the meaning that dicts give them.
_SAME = frozenset(
    "get pop setdefault update clear popitem keys values items copy __contains__ __len__ __getitem__ __setitem__ __delitem__ "
    "__iter__".split()
)
VIEWS = frozenset({"keys", "values", "items"})
_REAL_DICT = {
    "isinstance": "isinstance() at {place} asks for a dict, and a weak dictionary is none",
    "issubclass": "issubclass() at {place} asks for a dict, and a weak dictionary is none",
    "type": "type() at {place} tells a weak dictionary from a dict",
    "super": "super() at {place} asks for a method of dict, and a weak dictionary is none",
    "Process": "{name}() at {place} sends the container to another process, which needs a real one",
    "eval": "eval() at {place} takes nothing but a dict for its names",
    "exec": "exec() at {place} takes nothing but a dict for its names",
    "reversed": "reversed() at {place} needs an order that weak dictionaries do not offer",
}
_ASKS = frozenset({"getattr", "hasattr", "setattr"})
COPYING = of_nature("makes a copy")  # of a plain copy they make the same
_ABSTRACT = ("Mapping", "MutableMapping", "Iterable", "Sized", "Container", "Collection")


def convert(draft: Draft, roles: Iterable[Role], side: str) -> None:
    """Add to ``draft`` what the uses ask for; ``side`` is ``value`` or ``key``."""
    every = tuple(roles)
    for role in every:
        if role.kind in {
            "alias",
            "alias-target",
            "local-target",
            "bind",
            "truth",
            "identity",
            "idle",
            "unbind",
            "set-item",
        }:
            continue
        if not role.use.sure:
            _doubtful(draft, role)
        elif dropped(draft, role, every):
            continue
        elif role.kind == "call":
            _called(draft, role, every)
        elif role.kind == "iterate":
            snapshot(draft, role, role.use.node, every)
        elif role.kind == "argument":
            _handed(draft, role)
        else:
            _other(draft, role, side)


def _doubtful(draft: Draft, role: Role) -> None:
    """An expression that may mean another container: what both understand needs no decision."""
    harmless = {"get-item", "delete-item", "contains", "iterate", "star"}
    same = role.kind in {"call", "method"} and role.name in _SAME - VIEWS - {"copy"}
    last = role.name.rpartition(".")[2]
    if role.kind == "argument" and last in _REAL_DICT and not (last == "isinstance" and _asks_for_abstract(role)):
        draft.refuse(_REAL_DICT[last].format(place=role.place, name=role.name))
    elif role.kind not in harmless and not same:
        draft.assume(
            f"{role.file.code(role.use.node)} at {role.place} understands a weak dictionary or is another container"
        )


def _called(draft: Draft, role: Role, every: tuple[Role, ...]) -> None:
    name, file = role.name, role.file
    if name not in _SAME:
        draft.refuse(f"weak dictionaries have no {name}(), which is used at {role.place}")
    elif name in VIEWS:
        view(draft, role, every)
    elif name == "copy":
        draft.replace(file, role.call, f"dict({file.code(role.use.node)}.items())")
    elif name == "pop" and len(role.arguments) == 1 and not role.call.args[1:] and in_finalizer(role):
        draft.insert(file, file.end(role.call.args[0]), ", None")
    elif name == "popitem" and role.call.args:
        draft.refuse(f"popitem() of weak dictionaries takes no argument, which is given at {role.place}")


def view(draft: Draft, role: Role, every: tuple[Role, ...]) -> None:
    """``keys()``, ``values()`` and ``items()`` become generators: they are walked once and have no length."""
    file, call = role.file, role.call
    above = file.parent(call)
    target = file.code(role.use.node)
    if isinstance(above, (cst.For, cst.CompFor)) and above.iter is call:
        snapshot(draft, role, call, every)
    elif isinstance(above, cst.Arg) and isinstance(outer := file.parent(above), cst.Call) and not above.star:
        last = outer.func.attr.value if isinstance(outer.func, cst.Attribute) else file.code(outer.func)
        if last in {"len", "bool"}:
            draft.replace(file, call, target)
        elif last not in WALKERS:
            draft.splice(file, file.start(call), file.end(call), f"list({file.code(call)})")
            draft.assume(f"{last}() at {role.place} takes a list for {role.name}()")
    elif isinstance(above, cst.ComparisonTarget) and isinstance(above.operator, (cst.In, cst.NotIn)):
        if role.name == "keys":
            draft.replace(file, call, target)
    elif (
        isinstance(above, (cst.Comparison, cst.ComparisonTarget)) and role.name != "values" and not _is_looked_up(above)
    ):
        draft.replace(file, call, f"set({target})" if role.name == "keys" else f"dict({target}.items()).items()")
    elif isinstance(above, cst.BinaryOperation) and role.name == "keys":
        draft.replace(file, call, f"set({target})")
    elif not isinstance(above, (cst.Arg, cst.StarredElement, cst.From, cst.Expr)):
        if isinstance(above, cst.Attribute):
            draft.refuse(f"{role.name}().{above.attr.value} at {role.place} is not to be had of a weak dictionary")
        draft.replace(file, call, f"list({file.code(call)})")
        draft.assume(f"the {role.name}() taken at {role.place} need not follow later changes")


def _is_looked_up(above: cst.Comparison | cst.ComparisonTarget) -> bool:
    """Tell whether a comparison asks whether something is in something, or the same object as that."""
    target = above if isinstance(above, cst.ComparisonTarget) else above.comparisons[0]
    return isinstance(target.operator, (cst.In, cst.NotIn, cst.Is, cst.IsNot))


def snapshot(draft: Draft, role: Role, iterated: cst.CSTNode, every: tuple[Role, ...]) -> None:
    """Walk a copy where the loop can run other code: what dies meanwhile would change the container under the loop."""
    file, loop = role.file, role.file.parent(iterated)
    body: cst.CSTNode | None = None
    if isinstance(loop, cst.For):
        body = loop.body
    elif isinstance(loop, cst.CompFor):
        body = file.parent(loop)
    if body is None:
        return
    inside = {id(node) for node in walk(body)}
    busy = any(isinstance(node, (cst.Call, cst.Await, cst.Yield)) and node is not iterated for node in walk(body))
    again = [other for other in every if id(other.use.node) in inside and other is not role]
    if busy or again:
        draft.insert(file, file.start(iterated), "list(")
        draft.insert(file, file.end(iterated), ")")
    if any(other.kind == "get-item" for other in again) and role.name != "items":
        draft.assume(f"no object of the container dies while the loop at {role.place} reads it by key")


def _handed(draft: Draft, role: Role) -> None:
    file = role.file
    last = role.name.rpartition(".")[2]
    if last == "isinstance" and _asks_for_abstract(role):
        return
    if role.name.partition(".")[0] == "dict" and last != "dict":
        draft.refuse(f"{role.name}() at {role.place} is a method of dict, and a weak dictionary is none")
    elif last in _ASKS and len(role.arguments) > 1 and role.arguments[0] is role.use.node:
        _asked_by_name(draft, role)
    elif last in COPYING:
        draft.replace(file, role.use.node, f"dict({file.code(role.use.node)}.items())")
        draft.assume(f"what nobody holds any more need not be in what {role.name}() at {role.place} makes")
    elif last in _REAL_DICT:
        draft.refuse(_REAL_DICT[last].format(place=role.place, name=role.name))
    elif last == "copy" and role.name != "copy":
        draft.refuse(f"{role.name}() at {role.place} would give a weak copy")
    elif role.name == "dict" and len(role.call.args) == 1 and not role.by_keyword:
        draft.insert(file, file.end(role.use.node), ".items()")
    elif last not in WALKERS or not only_walked(draft.files, role):
        taken(draft, role, "a weak dictionary", f"dict({file.code(role.use.node)}.items())")


def _asked_by_name(draft: Draft, role: Role) -> None:
    """``getattr(d, "get")`` and ``hasattr``: a weak dictionary has not all that a dict has."""
    name = role.file.code(role.arguments[1]).strip("'\"")
    if name not in _SAME - VIEWS:
        draft.refuse(f"{role.name}() at {role.place} may ask for what a weak dictionary has not")


def taken(draft: Draft, role: Role, weak: str, plain: str) -> None:
    """Hand a plain copy to a function of the program that only reads and needs one; what is not followed is assumed."""
    found = demand(draft.files, role)
    if found.plain and found.changed:
        draft.refuse(f"{role.name}() at {role.place} changes the container at {found.changed} and needs a plain one")
    elif found.plain:
        draft.replace(role.file, role.use.node, plain)
        if found.unknown:
            draft.assume(f"{role.name}() at {role.place} gets along with a copy")
    elif found.unknown:
        draft.hand_on(f"{role.name}() at {role.place} gets along with {weak}")


def _asks_for_abstract(role: Role) -> bool:
    arguments = role.arguments
    return len(arguments) == 2 and role.file.code(arguments[1]).rpartition(".")[2] in _ABSTRACT


def _other(draft: Draft, role: Role, side: str) -> None:
    file, kind = role.file, role.kind
    if kind == "delete-item" and in_finalizer(role):
        _delete_quietly(draft, role)
    elif kind == "augment-item" and side == "value":
        draft.refuse(f"the augmented assignment at {role.place} stores a value that cannot be weakly referenced")
    elif kind == "method" and role.name not in _SAME - {"copy"}:
        draft.refuse(f"weak dictionaries have no {role.name}, which is used at {role.place}")
    elif kind == "method" and role.name in VIEWS:
        draft.hand_on(f"who calls the {role.name} that is handed on at {role.place} only walks what it gives, once")
    elif kind == "augment" and isinstance(role.node, cst.AugAssign):
        _merge(draft, role, role.node)
    elif (
        kind in {"operand", "shown"}
        or (kind == "star" and role.name == "**")
        or (kind == "matched" and names_class(role))
    ):
        draft.replace(file, role.use.node, f"dict({file.code(role.use.node)}.items())")
    elif kind == "escape" and (place := plain_wanted(draft.files, role)):
        draft.refuse(f"the container is {role.name} at {role.place}, and {place} needs a plain one")
    elif kind == "escape":
        draft.hand_on(
            f"whoever gets the container where it is {role.name} ({role.place}) gets along with a weak dictionary"
        )


def _merge(draft: Draft, role: Role, node: cst.AugAssign) -> None:
    """``d |= other`` is not known to weak dictionaries before Python 3.9; ``update`` always is."""
    file = role.file
    if isinstance(node.operator, cst.BitOrAssign):
        draft.splice(file, file.end(node.target), file.start(node.value), ".update(")
        draft.insert(file, file.end(node.value), ")")
    else:
        draft.refuse(f"the augmented assignment at {role.place} needs a real dict")


def _delete_quietly(draft: Draft, role: Role) -> None:
    """In ``__del__`` the entry may have gone with the object already."""
    file = role.file
    statement = file.parent(role.node)
    draft.note(f"the clean-up at {role.place} has nothing left to do and may be dropped")
    if isinstance(statement, cst.Del) and role.keys:
        text = f"{file.code(role.use.node)}.pop({role.key_text}, None)"
        draft.replace(file, statement, text)


def in_finalizer(role: Role) -> bool:
    """Tell whether the use stands in ``__del__``."""
    return role.use.scope.name == "__del__"
