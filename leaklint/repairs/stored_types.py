"""What is stored must take weak references, be hashable where it is a key, and compare by identity."""

from __future__ import annotations

from collections.abc import Iterable

import libcst as cst

from leaklint.contracts.library import of_nature
from leaklint.repairs.draft import Draft
from leaklint.repairs.referents import STIFF, compares_by_value, prepare
from leaklint.repairs.request import WeakRequest
from leaklint.repairs.roles import Role
from leaklint.repairs.scopes import walk

#: Objects that work for someone while nothing else holds them: the loop holds tasks weakly, and folders go with their objects.
_HELD = of_nature("lives by who holds it")


def admit(draft: Draft, request: WeakRequest, *, keyed: bool) -> None:
    """Judge the stored types of a request; ``keyed`` says that the weak container finds them by hash and equality.

    Of the types outside of the program, ``type`` stands for classes as such, which take weak references.
    """
    for ref in request.classes:
        prepare(draft, ref)
        words = compares_by_value(draft.files.program, ref) if keyed else ""
        if words:
            text = "so the entry of one object would go when an equal one dies, or the object has no hash; use its id() as key"
            draft.refuse(f"{words}, {text}")
    known = [name for name in request.others if name]
    if request.side == "key" and (len(known) < len(request.others) or not (known or request.classes)):
        draft.refuse("nothing tells what the keys are, and text, numbers and tuples take no weak references")
    for name in request.others:
        last = name.rpartition(".")[2]
        if last == "type":
            continue
        if last in STIFF:
            draft.refuse(f"what is stored is of type {last}, whose instances cannot be weakly referenced")
        elif last in _HELD:
            draft.refuse(
                f"a {last} lives as long as somebody holds it, and nothing else does; take it out once it is done"
            )
        elif last and keyed:
            draft.assume(f"instances of {name} take weak references, have a hash, and compare by identity")
        elif last:
            draft.assume(f"instances of {name} take weak references")
        else:
            draft.assume("what is stored takes weak references" + (" and compares by identity" if keyed else ""))
    if not request.classes and not request.others:
        draft.assume("what is stored takes weak references")
    if request.confidence == "low":
        draft.assume("the container is meant to let its entries go")


def check_values(draft: Draft, roles: Iterable[Role]) -> None:
    """A weak key is no use if its value leads back to it."""
    for role in roles:
        key, value = role.key, role.value
        if role.kind == "call" and role.name == "setdefault" and len(role.arguments) == 2:
            key, value = role.arguments
        if (role.kind != "set-item" and role.kind != "call") or key is None or value is None:
            continue
        names = {node.value for node in walk(key) if isinstance(node, cst.Name)}
        used = {node.value for node in walk(value) if isinstance(node, cst.Name)}
        if names & used and not _is_plain(value):
            draft.refuse(f"the value stored at {role.place} may keep its key, and then the key never dies")
        elif not _is_plain(value):
            draft.assume(f"the value stored at {role.place} does not lead back to its key")


_PLAIN_CALLS = of_nature("gives a number") | frozenset(
    "id len str int float bool repr hash set dict list WeakSet format isinstance".split()
)


def _is_plain(node: cst.CSTNode) -> bool:
    if isinstance(
        node, (cst.SimpleString, cst.FormattedString, cst.Integer, cst.Float, cst.Comparison, cst.ConcatenatedString)
    ):
        return True
    if isinstance(node, (cst.Dict, cst.List, cst.Tuple, cst.Set)):
        return not node.elements
    if isinstance(node, cst.Call):
        name = node.func.attr.value if isinstance(node.func, cst.Attribute) else getattr(node.func, "value", "")
        return name in _PLAIN_CALLS and (not node.args or name not in {"set", "dict", "list"})
    return isinstance(node, cst.Name) and node.value in {"None", "True", "False"}
