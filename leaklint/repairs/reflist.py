"""A list that keeps its order and holds weak references: every store wraps, every read unwraps, the dead drop out."""

from __future__ import annotations

from collections.abc import Iterable

import libcst as cst

from leaklint.repairs.callees import WALKERS, only_walked
from leaklint.repairs.draft import Draft
from leaklint.repairs.roles import Role

_ADDS = {"append": 0, "insert": 1, "add": 0}
_ASKS = frozenset({"remove", "index", "count", "discard"})
_PASSED = frozenset({"alias", "alias-target", "local-target", "bind", "truth", "identity", "idle", "unbind"})


class References:
    """Rewrites the uses of a list (or set) of strong references into those of one of weak references.

    ``make`` is the class of ``weakref`` that wraps an entry: ``ref`` or ``WeakMethod``. A reference takes itself out of
    the list when its object dies, so the length is right without pruning.
    """

    def __init__(self, draft: Draft, make: str, kind: str = "list") -> None:
        self.draft = draft
        self.make = make
        self.kind = kind

    def convert(self, roles: Iterable[Role]) -> None:
        """Add to the draft what the uses ask for."""
        for role in roles:
            if role.kind in _PASSED:
                continue
            if not role.use.sure:
                self.draft.refuse(
                    f"{role.file.code(role.use.node)} at {role.place} may be this container or another one"
                )
            elif role.kind == "call":
                self._called(role)
            elif role.kind in {"get-item", "set-item", "delete-item", "augment-item"}:
                self._subscript(role)
            else:
                self._other(role)

    def walked(self, text: str) -> str:
        """Return the expression for what is alive among the references in ``text``, as a list of its own."""
        return f"[one for one in (link() for link in tuple({text})) if one is not None]"

    def _wrap(self, role: Role, node: cst.CSTNode, *, linked: bool) -> None:
        """Put an entry into a reference; a ``linked`` one removes itself from the container."""
        file = role.file
        made = self.draft.name(file, self.make, role.use.scope)
        gone = f", {file.code(role.use.node)}.{'remove' if self.kind == 'list' else 'discard'}" if linked else ""
        self.draft.insert(file, file.start(node), f"{made}(")
        self.draft.insert(file, file.end(node), f"{gone})")

    def _called(self, role: Role) -> None:
        name, file, call = role.name, role.file, role.call
        given = role.arguments
        if len(given) != len(call.args):
            self.draft.refuse(f"the call of {name}() at {role.place} cannot be read")
        elif name in _ADDS and len(given) == _ADDS[name] + 1:
            self._wrap(role, given[-1], linked=True)
        elif name in _ASKS and given:
            self._wrap(role, given[0], linked=False)
        elif name in {"extend", "update"} and len(given) == 1:
            made = self.draft.name(file, self.make, role.use.scope)
            text = file.code(role.use.node)
            gone = "remove" if self.kind == "list" else "discard"
            self.draft.replace(file, given[0], f"[{made}(one, {text}.{gone}) for one in {file.code(given[0])}]")
        elif name == "pop":
            if not isinstance(file.parent(call), cst.Expr):
                self.draft.insert(file, file.end(call), "()")
        elif name == "copy":
            self.draft.replace(file, call, self.walked(file.code(role.use.node)))
        elif name not in {"clear", "reverse"}:
            self.draft.refuse(f"{name}() at {role.place} cannot be done on a list of weak references")

    def _subscript(self, role: Role) -> None:
        file, node = role.file, role.node
        if role.kind == "delete-item":
            return
        if role.kind == "get-item" and role.key is not None:
            self.draft.insert(file, file.end(node), "()")
        elif role.kind == "get-item":
            self.draft.replace(file, node, self.walked(file.code(node)))
        elif role.kind == "set-item" and role.key is not None and role.value is not None and self._is_only_target(role):
            self._wrap(role, role.value, linked=True)
        else:
            self.draft.refuse(f"the assignment at {role.place} cannot be done on a list of weak references")

    @staticmethod
    def _is_only_target(role: Role) -> bool:
        statement = role.file.parent(role.file.parent(role.node) or role.node)
        return isinstance(statement, cst.Assign) and len(statement.targets) == 1

    def _other(self, role: Role) -> None:
        file, draft = role.file, self.draft
        text = file.code(role.use.node)
        last = role.name.rpartition(".")[2]
        if role.kind == "contains" and isinstance(role.node, cst.Comparison):
            self._wrap(role, role.node.left, linked=False)
        elif role.kind == "argument" and last in {"len", "bool", "id"}:
            return
        elif role.kind == "argument" and (last not in WALKERS | {"reversed"} or not only_walked(draft.files, role)):
            draft.refuse(f"{role.name}() at {role.place} gets the list and would find weak references in it")
        elif role.kind in {"iterate", "argument", "compare", "operand", "star", "shown"}:
            draft.replace(file, role.use.node, self.walked(text))
        elif role.kind == "augment" and isinstance(role.node, cst.AugAssign):
            self._extend(role, role.node, text)
        elif role.kind == "method":
            draft.refuse(f"{text}.{role.name} is handed on at {role.place} and would handle weak references")
        else:
            message = role.name or "used"
            draft.refuse(f"the list is {message} at {role.place}, where weak references in it would be found")

    def _extend(self, role: Role, node: cst.AugAssign, text: str) -> None:
        file = role.file
        if not isinstance(node.operator, cst.AddAssign):
            self.draft.refuse(f"the augmented assignment at {role.place} cannot be done on a list of weak references")
            return
        made = self.draft.name(file, self.make, role.use.scope)
        new = f"{text}.extend([{made}(one, {text}.remove) for one in {file.code(node.value)}])"
        self.draft.replace(file, node, new)
