"""Check then act, and store then read back: two steps between which an entry of a weak container can vanish.

Both become one look-up bound to a local variable, which keeps the object for as long as the code works with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import libcst as cst

from leaklint.repairs.draft import Draft
from leaklint.repairs.files import ParsedFile
from leaklint.repairs.roles import Role
from leaklint.repairs.scopes import CstScope, walk

_LEAVES = (cst.Return, cst.Raise, cst.Continue, cst.Break)


@dataclass(frozen=True, slots=True, eq=False)
class Loads:
    """What was rewritten: the reads that became a variable, and for each store (by its value node) its own reads."""

    done: frozenset[int]
    of_store: dict[int, tuple[cst.CSTNode, ...]]


def rewrite(draft: Draft, roles: Iterable[Role]) -> Loads:
    """Rewrite the look-ups among ``roles`` and return which reads they covered."""
    every = [role for role in roles if role.use.sure and role.keys]
    state = _State(draft, every)
    for role in every:
        if role.kind == "contains":
            state.check(role)
    for role in every:
        if role.kind == "set-item":
            state.read_back(role)
    state.leftovers()
    return Loads(frozenset(state.done), state.of_store)


class _State:
    def __init__(self, draft: Draft, roles: Sequence[Role]) -> None:
        self.draft = draft
        self.roles = roles
        self.done: set[int] = set()
        self.of_store: dict[int, tuple[cst.CSTNode, ...]] = {}
        self.names: dict[tuple[int, str], str] = {}

    def check(self, role: Role) -> None:
        """``if k in d``: find its form and rewrite it together with the reads that it guards."""
        comparison = role.node
        if not isinstance(comparison, cst.Comparison) or role.use.scope.kind != "function":
            return
        positive = isinstance(comparison.comparisons[0].operator, cst.In)
        file = role.file
        above = file.parent(comparison)
        if isinstance(above, cst.IfExp) and above.test is comparison:
            self._conditional(role, above, positive)
            return
        whole: cst.CSTNode = comparison
        if isinstance(above, cst.UnaryOperation) and isinstance(above.operator, cst.Not):
            whole, positive, above = above, not positive, file.parent(above)
        conjunct = whole
        while isinstance(above, cst.BooleanOperation) and isinstance(above.operator, cst.And) and positive:
            conjunct, above = above, file.parent(above)
        if isinstance(above, cst.If) and above.test is conjunct:
            if positive:
                self._present(role, above, whole)
            elif conjunct is whole:
                self._missing(role, above, whole)

    def _conditional(self, role: Role, node: cst.IfExp, positive: bool) -> None:
        """``d[k] if k in d else x`` is ``d.get(k, x)`` where ``x`` is cheap and has no effect."""
        file = role.file
        read, other = (node.body, node.orelse) if positive else (node.orelse, node.body)
        load = next((one for one in self._reads(role) if one.node is read), None)
        if load is None or not isinstance(other, (cst.Name, cst.SimpleString, cst.Integer)):
            return
        none = isinstance(other, cst.Name) and other.value == "None"
        rest = "" if none else f", {file.code(other)}"
        self.draft.replace(file, node, f"{file.code(role.use.node)}.get({role.key_text}{rest})")
        self.done.add(id(load.node))

    def _present(self, role: Role, branch: cst.If, whole: cst.CSTNode) -> None:
        """``if k in d: ... d[k] ...``"""
        loads = [load for load in self._reads(role) if _inside(load.file, load.node, (branch.body, branch.test))]
        loads = self._until_changed(role, loads)
        if loads:
            self._bind(role, branch, whole, "is not None")
            self._replace(role, loads)

    def _missing(self, role: Role, branch: cst.If, whole: cst.CSTNode) -> None:
        """``if k not in d: d[k] = make()`` or ``if k not in d: return``, and then ``d[k]``."""
        stores = [one for one in self._stores(role) if _inside(one.file, one.node, (branch.body,))]
        direct = [one for one in stores if self._at_top(one, branch)]
        leaves = _ends(branch.body)
        if len(stores) != len(direct) or len(stores) > 1 or (not stores and not leaves):
            return
        file = role.file
        region = [*_following(file, branch), *([branch.orelse] if branch.orelse is not None else [])]
        loads = [load for load in self._reads(role) if _inside(file, load.node, region)]
        after_store = [load for load in self._reads(role) if stores and _inside(file, load.node, (branch.body,))
                       and file.start(load.node) > file.end(stores[0].node)]  # fmt: skip
        loads = self._until_changed(role, [*after_store, *loads], stores)
        if not loads:
            return
        name = self._bind(role, branch, whole, "is None")
        for store in stores:
            self._also(store, name, loads)
        self._replace(role, loads)

    def read_back(self, role: Role) -> None:
        """``d[k] = make()`` and then ``d[k]`` in the same block: bind what is made first."""
        file = role.file
        if role.value is None or id(role.value) in self.of_store or not isinstance(role.value, (cst.Call, cst.Await)):
            return
        statement = file.statement(role.node)
        if (
            statement is None
            or role.use.scope.kind != "function"
            or not isinstance(file.parent(role.node), cst.AssignTarget)
        ):
            return
        loads = [load for load in self._reads(role) if _inside(file, load.node, _following(file, statement))]
        loads = self._until_changed(role, [load for load in loads if id(load.node) not in self.done])
        if loads:
            self._also(role, self._name(role), loads)
            self._replace(role, loads)

    def leftovers(self) -> None:
        """Say what is assumed where a read follows a check that could not be joined with it."""
        checks = [role for role in self.roles if role.kind == "contains"]
        for check in checks:
            for load in self._reads(check):
                if id(load.node) not in self.done and load.file.start(load.node) > check.file.start(check.node):
                    text = f"no entry vanishes between the check at {check.place} and the read at {load.place}"
                    if not _excepts(load):
                        self.draft.assume(text)

    def _reads(self, role: Role) -> list[Role]:
        """Return the reads of the same key in the same function."""
        return self._same(role, "get-item")

    def _stores(self, role: Role) -> list[Role]:
        return self._same(role, "set-item")

    def _same(self, role: Role, kind: str) -> list[Role]:
        text = role.key_text
        return [
            other
            for other in self.roles
            if other.kind == kind
            and other.file is role.file
            and other.use.scope is role.use.scope
            and other.key_text == text
            and not _deferred(other)
        ]

    def _at_top(self, store: Role, branch: cst.If) -> bool:
        statement = store.file.statement(store.node)
        return (
            statement is not None
            and store.file.parent(statement) is branch.body
            and isinstance(store.file.parent(store.node), cst.AssignTarget)
        )

    def _until_changed(self, role: Role, loads: list[Role], stores: Sequence[Role] = ()) -> list[Role]:
        """Drop the reads that come after the key's variables, or the entry other than by ``stores``, change again."""
        file = role.file
        names = {node.value for key in role.keys for node in walk(key) if isinstance(node, cst.Name)}
        begin = file.start(role.node)
        changes = [*self._same(role, "delete-item"), *(one for one in self._stores(role) if one not in stores)]
        ends = [file.start(other.node) for other in changes if file.start(other.node) > begin]
        bound = (one for name in names for one in role.use.scope.bound.get(name, ()))
        ends += [start for one in bound if (start := file.start(one.target)) > begin]
        limit = min(ends, default=len(file.text) + 1)
        return [load for load in loads if file.start(load.node) < limit]

    def _bind(self, role: Role, branch: cst.If, whole: cst.CSTNode, test: str) -> str:
        """Bind the entry before ``branch``, or in its test where that is not the first thing evaluated."""
        file, draft = role.file, self.draft
        name = self._name(role)
        get = f"{file.code(role.use.node)}.get({role.key_text})"
        indent = file.indent(branch)
        first = file.start(whole) == file.start(branch.test)
        if first and indent is not None and not isinstance(file.parent(branch), cst.If):
            draft.insert(file, file.start(branch), f"{name} = {get}{file.newline}{indent}")
            draft.replace(file, whole, f"{name} {test}")
        else:
            draft.replace(file, whole, f"({name} := {get}) {test}")
        return name

    def _also(self, store: Role, name: str, loads: Sequence[Role]) -> None:
        statement = store.file.parent(store.file.parent(store.node) or store.node)
        if isinstance(statement, cst.Assign):
            self.draft.insert(store.file, store.file.start(statement), f"{name} = ")
        if store.value is not None:
            self.of_store[id(store.value)] = tuple(load.node for load in loads)

    def _replace(self, role: Role, loads: Sequence[Role]) -> None:
        name = self._name(role)
        for load in loads:
            if id(load.node) not in self.done:
                self.done.add(id(load.node))
                self.draft.replace(load.file, load.node, name)

    def _name(self, role: Role) -> str:
        """Return the variable for one key of one function: a name that the function does not use."""
        scope = role.use.scope
        key = (id(scope), role.key_text)
        if key not in self.names:
            taken = _names(scope) | {name for (one, _), name in self.names.items() if one == id(scope)}
            choices = ["found", *(f"found_{number}" for number in range(2, 99))]
            self.names[key] = next(name for name in choices if name not in taken)
        return self.names[key]


def _names(scope: CstScope) -> set[str]:
    return {node.value for node in walk(scope.node) if isinstance(node, cst.Name)}


def _inside(file: ParsedFile, node: cst.CSTNode, regions: Iterable[cst.CSTNode]) -> bool:
    wanted = {id(region) for region in regions}
    return id(node) in wanted or any(id(above) in wanted for above in file.around(node))


def _deferred(role: Role) -> bool:
    """Tell whether the code runs at another time or more than once: in a lambda or a comprehension."""
    for above in role.file.around(role.node):
        if isinstance(above, (cst.FunctionDef, cst.ClassDef, cst.BaseSmallStatement)):
            return False
        if isinstance(above, (cst.Lambda, cst.BaseComp)):
            return True
    return False


def _following(file: ParsedFile, statement: cst.CSTNode) -> list[cst.CSTNode]:
    """Return the statements after ``statement`` in its block."""
    block = file.parent(statement)
    found = getattr(block, "body", ())
    body = list(found) if isinstance(found, (list, tuple)) else []  # the head of a function or loop is followed by none
    place = next((index for index, one in enumerate(body) if one is statement), len(body))
    return body[place + 1 :]


def _ends(body: cst.BaseSuite) -> bool:
    """Tell whether a block always leaves: its last statement returns, raises, continues or breaks."""
    last = body.body[-1] if body.body else None
    if isinstance(last, cst.SimpleStatementLine):
        return isinstance(last.body[-1], _LEAVES)
    return isinstance(last, _LEAVES)


def _excepts(load: Role) -> bool:
    """Tell whether a missing entry is expected where it is read."""
    below: cst.CSTNode = load.node
    for above in load.file.around(load.node):
        if isinstance(above, cst.FunctionDef):
            return False
        if isinstance(above, cst.Try) and above.body is below:
            names = [
                load.file.code(handler.type) if handler.type is not None else "KeyError" for handler in above.handlers
            ]
            if any("KeyError" in name or "LookupError" in name or name.endswith("Exception") for name in names):
                return True
        below = above
    return False
