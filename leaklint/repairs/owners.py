"""Who else keeps what a container keeps: a weak container may only hold what has another owner."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import libcst as cst

from leaklint.flow.model import Function
from leaklint.flow.terms import Term, options
from leaklint.heap.effects import Call
from leaklint.repairs.beside import kept_beside
from leaklint.repairs.draft import Draft
from leaklint.repairs.files import Files, ParsedFile
from leaklint.repairs.holders import last_word
from leaklint.repairs.merged import made_anew
from leaklint.repairs.plain import passed
from leaklint.repairs.program import Program, short
from leaklint.repairs.rebinding import rebound_at
from leaklint.repairs.scopes import CstBinding, CstScope, walk

_LITERALS = (cst.Tuple, cst.List, cst.Dict, cst.Set, cst.ListComp, cst.DictComp, cst.SetComp, cst.GeneratorExp)
_TEXTS = (
    cst.SimpleString,
    cst.ConcatenatedString,
    cst.FormattedString,
    cst.Integer,
    cst.Float,
    cst.Imaginary,
    cst.Comparison,
)


class Fate(NamedTuple):
    """What keeps a stored object: ``level`` is ``held``, ``returned``, ``assumed``, ``unseen``, ``replaced`` or ``none``.

    ``text`` of ``held`` and ``returned`` names the owner, of ``assumed`` and ``unseen`` (nothing of the program shows it)
    what has to be so, of ``replaced`` what keeps it until when, of ``none`` what forbids it.
    """

    level: str
    text: str


_ORDER = ("none", "replaced", "unseen", "assumed", "returned", "held")


def worst(fates: Iterable[Fate]) -> Fate:
    """Return the fate that decides among several that are all possible."""
    return min(fates, key=lambda fate: _ORDER.index(fate.level))


def apply(draft: Draft, fate: Fate) -> None:
    """Let the fate of one stored object decide about the repair."""
    if fate.level == "none":
        draft.refuse(fate.text)
    elif fate.level == "replaced":
        draft.assume(f"nothing counts on what is stored any more then, although {fate.text}")
    elif fate.level in {"assumed", "unseen"}:
        draft.assume(fate.text)


class Owners:
    """Judges the values of stores."""

    def __init__(self, files: Files) -> None:
        self.files = files
        self.program: Program = files.program

    def of(
        self, file: ParsedFile, node: cst.CSTNode, scope: CstScope, loads: Iterable[cst.CSTNode] = (), hops: int = 5
    ) -> Fate:
        """Return what else keeps the value of ``node``; ``loads`` are places where it is read back at once."""
        if isinstance(node, _TEXTS) or (isinstance(node, cst.Name) and node.value in {"True", "False"}):
            return Fate("none", f"{file.code(node)} at {file.place(node)} cannot be weakly referenced")
        if isinstance(node, cst.Name) and node.value == "None":
            return Fate("none", f"None is stored at {file.place(node)}, and a weak container takes no None")
        if isinstance(node, _LITERALS):
            kind = type(node).__name__.lower()
            return Fate("none", f"what is stored at {file.place(node)} is a {kind}, which cannot be weakly referenced")
        if isinstance(node, cst.Lambda):
            return Fate("none", f"the lambda stored at {file.place(node)} has no other owner and would die at once")
        if hops == 0:
            return Fate("assumed", f"something else keeps what is stored at {file.place(node)}")
        if isinstance(node, (cst.IfExp, cst.BooleanOperation)):
            sides = (node.body, node.orelse) if isinstance(node, cst.IfExp) else (node.left, node.right)
            return worst(self.of(file, side, scope, loads, hops - 1) for side in sides)
        if isinstance(node, cst.NamedExpr):
            return self.of(file, node.value, scope, loads, hops - 1)
        if isinstance(node, cst.Name):
            return self._of_name(file, node, scope, loads, hops)
        if isinstance(node, cst.Attribute):
            return self._of_attribute(file, node)
        if isinstance(node, (cst.Call, cst.Await)):
            return self._of_fresh(file, node, scope, loads)
        if isinstance(node, cst.Subscript):
            return Fate("assumed", f"{file.code(node.value)} keeps what is stored at {file.place(node)}")
        return Fate("assumed", f"something else keeps what is stored at {file.place(node)}")

    def _of_name(
        self, file: ParsedFile, node: cst.Name, scope: CstScope, loads: Iterable[cst.CSTNode], hops: int
    ) -> Fate:
        name = node.value
        term = file.denoted(node)
        if self.program.is_self(term):
            return self._of_self(term)
        if self.program.holders.class_of_cls(term):
            return Fate("held", "a class is kept by its module")
        home: CstScope | None = scope
        while home is not None and (home.kind == "class" or (name not in home.bound and name not in home.params)):
            home = home.parent
        if home is None or home.kind == "module" or name in scope.outer:
            return Fate("held", f"the module-level name {name} keeps it")
        fates = [self._of_way(file, bound, node, home, loads, hops) for bound in home.bound.get(name, ())]
        if name in home.params:
            fates.append(self._of_param(file, node, home))
        return worst(fates)

    def _of_way(
        self,
        file: ParsedFile,
        bound: CstBinding,
        node: cst.Name,
        home: CstScope,
        loads: Iterable[cst.CSTNode],
        hops: int,
    ) -> Fate:
        place = file.place(node)
        if bound.how == "value" and bound.node is not None:
            if isinstance(bound.node, (cst.Call, cst.Await)):
                return self._of_local(file, bound.node, node, home, loads)
            if isinstance(bound.node, cst.Name) and bound.node.value == "None":
                return Fate("held", "None is only a placeholder")
            return self.of(file, bound.node, home, loads, hops - 1)
        if bound.how in {"element", "part"} and (maker := made_anew(self.files, file, bound.node, home)):
            return Fate("none", f"what {maker} makes is kept by nothing but this container")
        if bound.how == "exception":
            return Fate("assumed", f"the exception stored at {place} is of a type that takes weak references")
        if bound.how == "def":
            return Fate(
                "none", f"the inner function {node.value} stored at {place} has no other owner and would die at once"
            )
        if bound.how == "class" and bound.node is not None:
            return self._of_local(file, bound.node, node, home, loads)
        return Fate("assumed", f"something else keeps the {node.value} that is stored at {place}")

    def _of_self(self, term: Term) -> Fate:
        for call in self._constructions(self.program.holders.self_of(options(term)[0])):
            if self._dropped(call):
                place = self.program.place(call)
                return Fate("none", f"the {short(call.callee)} made at {place} is kept by nothing but this container")
        return Fate("held", "whoever called keeps self")

    def unseen_self(self, file: ParsedFile, node: cst.CSTNode) -> str:
        """Return the class of ``self``, if ``node`` is that and nothing of the program makes an instance; else nothing."""
        owner = self.program.holders.self_of(file.denoted(node)) if isinstance(node, cst.Name) else ""
        return short(owner) if owner and not self._constructions(owner) else ""

    def _constructions(self, owner: str) -> list[Call]:
        """Return the calls that make an instance of the class or of one below it, in the order of the program."""
        made = self.program.heap.multiplicity.constructions(owner)
        calls = [call for call in made if self.program.module_of(call.caller) in self.program.modules]
        return sorted(calls, key=lambda call: (self.files.rank(self.program.module_of(call.caller)), call.event.place))

    def _made_at(self, call: Call) -> tuple[ParsedFile, cst.Call | None]:
        file = self.files.of(call.caller)
        return file, file.at(file.source.span_of(call.event.place), cst.Call)

    def passing(self, owner: str, *, named: bool = True) -> str:
        """Return where the program makes an instance of a class only to use it there; nothing where that is not seen.

        ``named`` says that one which has a name, and is used in its function alone, is such an instance, too.
        """
        for call in self._constructions(owner):
            file, node = self._made_at(call)
            above = file.parent(node) if node is not None else None
            scope = file.scope(node) if node is not None else file.tree.module
            target = above.targets[0].target if isinstance(above, cst.Assign) else None
            used = named and isinstance(target, cst.Name) and scope.kind == "function"
            if isinstance(target, cst.Name) and used and self._of_uses(file, target, scope).level == "none":
                return file.place(target)
            if isinstance(above, (cst.Expr, cst.Attribute)):
                return file.place(above)
        return ""

    def _dropped(self, call: Call) -> bool:
        """Tell whether the result of a call is thrown away where it stands, after calls of its methods as well.

        Of an object of which only an attribute is asked for, that is all that is left.
        """
        file, made = self._made_at(call)
        if made is None:
            return False
        node: cst.CSTNode = made
        above = file.parent(node)
        while isinstance(above, cst.Attribute) or (isinstance(above, cst.Call) and above.func is node):
            if node is made and isinstance(above, cst.Attribute) and not isinstance(file.parent(above), cst.Call):
                return True
            node, above = above, file.parent(above)
        return isinstance(above, cst.Expr)

    def _of_attribute(self, file: ParsedFile, node: cst.Attribute) -> Fate:
        for term in options(file.denoted(node)):
            callee = self.program.callee(term)
            if callee is not None and callee.shift:
                decorators = self.program.functions[callee.key].decorators
                if not {last_word(one.term) for one in decorators} & {"property", "cached_property"}:
                    text = f"{file.code(node)} stored at {file.place(node)} is a bound method, which would die at once"
                    return Fate("none", f"{text}; use weakref.WeakMethod")
        return self._kept_by(file, node)

    def _kept_by(self, file: ParsedFile, node: cst.Attribute) -> Fate:
        """An attribute keeps what it is given until it is given something else."""
        text, owner = file.code(node), self.program.holders.self_of(file.denoted(node.value))
        place = rebound_at(self.program, node.attr.value, owner)
        if place:
            return Fate("replaced", f"{text} keeps it only until it is set again at {place}")
        return Fate("held", f"{text} keeps it")

    def _of_param(self, file: ParsedFile, node: cst.Name, home: CstScope) -> Fate:
        name, function = node.value, file.function(home)
        calls = self.program.calls(function.key)
        every = [one for call in calls if name in call.bound for one in options(call.bound[name])]
        if every and all(map(self.program.is_self, every)):
            return Fate("held", f"every call of {function.name}() passes self, which its caller keeps")
        if plain := passed(self.program, calls, name):
            text = f"a {plain[0]} is passed to {function.name}() at {plain[1]}, which takes no weak references"
            return Fate("none", text)
        owner = kept_beside(self.files, file, node, home)
        if owner is not None:
            return self._kept_by(file, owner)
        for call in calls:
            place = self._fresh_argument(call, name)
            if place:
                text = (
                    f"the object made in the call of {function.name}() at {place} is kept by nothing but this container"
                )
                return Fate("none", text)
        level = "assumed" if calls else "unseen"
        return Fate(level, f"whoever calls {function.name}() keeps the {name} that it passes")

    def _fresh_argument(self, call: Call, name: str) -> str:
        """Return where a call makes the argument on the spot, or the empty string."""
        terms = options(call.bound[name]) if name in call.bound else ()
        if not terms or not all(map(self.program.class_made, terms)):
            return ""
        file, node = self._made_at(call)
        if node is not None and any(isinstance(argument.value, cst.Call) for argument in node.args):
            return file.place(node)
        return ""

    def _of_fresh(self, file: ParsedFile, node: cst.CSTNode, scope: CstScope, loads: Iterable[cst.CSTNode]) -> Fate:
        """A value made in the store itself: its other targets, or the use of what the store returns, may keep it."""
        fates = [self._fate_of_place(file, load) for load in loads]
        above = file.parent(node)
        if isinstance(above, cst.Assign):
            for target in (item.target for item in above.targets):
                if isinstance(target, cst.Name):
                    fates.append(self._of_uses(file, target, scope))
                elif isinstance(target, cst.Attribute):
                    fates.append(self._kept_by(file, target))
        elif isinstance(above, cst.NamedExpr) and isinstance(above.target, cst.Name):
            fates.append(self._of_uses(file, above.target, scope))
        elif isinstance(above, cst.Arg):
            call = file.parent(above)
            if (
                isinstance(call, cst.Call)
                and isinstance(call.func, cst.Attribute)
                and call.func.attr.value == "setdefault"
            ):
                fates.append(self._of_result(file, call, scope))
        return self._best(file, node, fates)

    def _of_local(
        self, file: ParsedFile, target: cst.CSTNode, node: cst.Name, home: CstScope, loads: Iterable[cst.CSTNode]
    ) -> Fate:
        fates = [self._fate_of_place(file, load) for load in loads]
        statement = file.parent(target)
        if isinstance(statement, cst.Assign):
            targets = [item.target for item in statement.targets]
            fates += [self._kept_by(file, one) for one in targets if isinstance(one, cst.Attribute)]
        fates.append(self._of_uses(file, node, home))
        return self._best(file, node, fates)

    @staticmethod
    def _best(file: ParsedFile, node: cst.CSTNode, fates: list[Fate]) -> Fate:
        best = max(fates, key=lambda fate: _ORDER.index(fate.level), default=None)
        if best is None or best.level == "none":
            return Fate("none", f"what is stored at {file.place(node)} is kept by nothing but this container")
        return best

    def let_go_by_all(self, function: Function) -> str:
        """Return where a caller lets go at once of what a function returns, if all that are seen do; else nothing."""
        calls = list(self.files.call_nodes(function))
        fates = [self._of_result(file, node, file.scope(node)) for file, node in calls]
        return calls[0][0].place(calls[0][1]) if calls and all(fate.level == "none" for fate in fates) else ""

    def _of_result(self, file: ParsedFile, call: cst.Call, scope: CstScope) -> Fate:
        above = file.parent(call)
        if isinstance(above, cst.Assign):
            names = [item.target for item in above.targets if isinstance(item.target, cst.Name)]
            if names and scope.kind == "module":
                return Fate("held", f"the module-level name {names[0].value} keeps it")
            kept = [self._kept_by(file, one.target) for one in above.targets if isinstance(one.target, cst.Attribute)]
            fates = [self._of_uses(file, name, scope) for name in names] + kept
            return max(fates, key=lambda fate: _ORDER.index(fate.level), default=Fate("none", ""))
        return self._fate_of_place(file, call)

    def _of_uses(self, file: ParsedFile, name: cst.Name, scope: CstScope) -> Fate:
        """What becomes of a local variable: returned, kept by an attribute, handed on, or only used."""
        loads = (node for node in _loads(file, name.value, scope) if not _excluded(file, name, node))
        found = [self._fate_of_place(file, node) for node in loads]
        return max(found, key=lambda fate: _ORDER.index(fate.level), default=Fate("none", ""))

    def _fate_of_place(self, file: ParsedFile, node: cst.CSTNode) -> Fate:
        below, above = node, file.parent(node)
        while isinstance(above, (cst.IfExp, cst.BooleanOperation, cst.Await, cst.Element, cst.Tuple, cst.NamedExpr)):
            below, above = above, file.parent(above)
        if isinstance(above, (cst.Return, cst.Yield)):
            return Fate("returned", "whoever called gets it and keeps it")
        if isinstance(above, (cst.Assign, cst.AnnAssign)) and above.value is below:
            targets = [item.target for item in above.targets] if isinstance(above, cst.Assign) else [above.target]
            for target in targets:
                if isinstance(target, cst.Attribute):
                    return self._kept_by(file, target)
        if isinstance(above, cst.Arg) and isinstance(call := file.parent(above), cst.Call):
            if isinstance(call.func, cst.Attribute) and call.func.attr.value in {
                "append",
                "add",
                "setdefault",
                "insert",
            }:
                return Fate("none", "")
            return Fate("assumed", f"{file.code(call.func)}() at {file.place(node)} keeps what it is given")
        return Fate("none", "")


def _loads(file: ParsedFile, name: str, scope: CstScope) -> Iterator[cst.CSTNode]:
    for node in walk(scope.node):
        if isinstance(node, cst.Name) and node.value == name and file.evaluates(node):
            above = file.parent(node)
            if not isinstance(above, cst.AssignTarget):
                yield node


def _excluded(file: ParsedFile, first: cst.CSTNode, second: cst.CSTNode) -> bool:
    """Tell whether two places lie in branches of which only one runs."""
    arms = {id(above): id(below) for below, above in _steps(file, first) if isinstance(above, cst.If)}
    for below, above in _steps(file, second):
        if isinstance(above, cst.If) and id(above) in arms:
            mine, other = arms[id(above)], id(below)
            return mine != other and id(above.test) not in {mine, other}
    return False


def _steps(file: ParsedFile, node: cst.CSTNode) -> Iterator[tuple[cst.CSTNode, cst.CSTNode]]:
    below = node
    for above in file.around(node):
        yield below, above
        below = above
