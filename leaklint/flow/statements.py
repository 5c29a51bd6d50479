"""Statements of one scope: what they bind, under which conditions they run, and what happens in them."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from leaklint.flow.expressions import operator_of, place_of
from leaklint.flow.model import Decorator, Guard
from leaklint.flow.patterns import bindings
from leaklint.flow.scopes import inside
from leaklint.flow.terms import NONE, UNKNOWN, Term, union

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from leaklint.flow.read import Scope

_LEAVES = (ast.Return, ast.Raise, ast.Continue, ast.Break)


def leaves(body: Sequence[ast.stmt]) -> bool:
    """Tell whether a block never runs on into what follows it."""
    last = body[-1] if body else None
    if isinstance(last, _LEAVES):
        return True
    if isinstance(last, ast.If):
        return leaves(last.body) and leaves(last.orelse)
    if isinstance(last, (ast.With, ast.AsyncWith)):
        return leaves(last.body)
    return False


class Statements:
    """Reads the statements of one scope in order."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope

    def block(self, body: Sequence[ast.stmt]) -> None:
        """Read a block; what follows ``if test: return`` runs where the test does not hold."""
        before = self.scope.guards
        for statement in body:
            reader = _READERS.get(type(statement))
            if reader is not None:
                reader(self, statement)
        self.scope.guards = before

    def _read(self, node: ast.expr | None) -> Term:
        return self.scope.expressions.read(node)

    def _guard(self, kind: str, test: Term, holds: bool = True) -> None:
        """Note what holds for the rest of the block."""
        self.scope.guards = (*self.scope.guards, Guard(kind, test, holds))

    def _assign(self, node: ast.Assign) -> None:
        value = self._read(node.value)
        for target in node.targets:
            self.scope.bind_target(target, value, place_of(node))

    def _annotated(self, node: ast.AnnAssign) -> None:
        before = len(self.scope.events)
        hint = self._read(node.annotation)
        del self.scope.events[before:]
        if isinstance(node.target, ast.Name):
            self.scope.annotations[node.target.id] = hint
        if node.value is not None:
            self.scope.bind_target(node.target, self._read(node.value), place_of(node))

    def _augmented(self, node: ast.AugAssign) -> None:
        target = self._read(node.target)
        value = self._read(node.value)
        name = operator_of(node.op)
        self.scope.note("extend", (target, value), place_of(node), name)
        if isinstance(node.target, ast.Name) and self.scope.kind == "function":
            names = self.scope.names
            if names is not None and node.target.id not in names.globals | names.outer:
                after: Term = ("op", name, (target, value))
                # of what can be changed the same object stays: a list that gains elements, a set, a dictionary
                after = union([target, after]) if value[0] in {"list", "set", "dict", "comp"} else after
                self.scope.bind(node.target.id, after, place_of(node))

    def _delete(self, node: ast.Delete) -> None:
        for target in node.targets:
            place = place_of(node)
            if isinstance(target, ast.Subscript):
                base = self._read(target.value)
                if isinstance(target.slice, ast.Slice):
                    whole = target.slice.lower is None and target.slice.upper is None
                    self.scope.note("clear" if whole else "delslice", (base,), place)
                else:
                    self.scope.note("delitem", (base, self._read(target.slice)), place)
            elif isinstance(target, ast.Attribute):
                self.scope.note("delattr", (self._read(target.value),), place, target.attr)
            elif isinstance(target, ast.Name):
                self.scope.env.pop(target.id, None)

    def _return(self, node: ast.Return) -> None:
        self.scope.note("return", (self._read(node.value),), place_of(node))

    def _raise(self, node: ast.Raise) -> None:
        self.scope.note("raise", (self._read(node.exc),), place_of(node))

    def _leave(self, node: ast.Continue | ast.Break) -> None:
        self.scope.note("leave", (NONE,), place_of(node))

    def _expression(self, node: ast.Expr) -> None:
        value = self._read(node.value)
        events = self.scope.events
        if events and events[-1].kind == "call" and events[-1].terms[0] is value:
            events[-1] = events[-1]._replace(name="dropped")
        if isinstance(node.value, ast.BinOp) and value[0] == "op":  # for what its method does: its value goes nowhere
            self.scope.note("operate", value[2], place_of(node), value[1])

    def _assert(self, node: ast.Assert) -> None:
        self._guard("past", self._read(node.test))

    def _if(self, node: ast.If) -> None:
        test = self._read(node.test)
        before = dict(self.scope.env)
        with self.scope.guarded("if", test):
            self.block(node.body)
        after = self.scope.env
        self.scope.env = dict(before)
        with self.scope.guarded("if", test, holds=False):
            self.block(node.orelse)
        if leaves(node.body):
            self._guard("past", test, holds=False)
        elif node.orelse and leaves(node.orelse):
            self.scope.env = after
            self._guard("past", test)
        else:
            self._merge(after)

    def _merge(self, other: dict[str, Term]) -> None:
        env = self.scope.env
        for name, value in other.items():
            mine = env.get(name)
            if mine is None:
                env[name] = value
            elif mine is not value and mine != value:
                env[name] = self.scope.expressions.named(name, union([mine, value]), (0, len(env), 0, 0))

    def _loop(self, node: ast.For | ast.AsyncFor | ast.While, iterated: Term | None, target: ast.expr | None) -> None:
        """Read a loop; what it assigns may, at its start, be of the round before. A ``while`` asks its test each time."""
        scope, place = self.scope, place_of(node)
        names = {one.id for one in inside(node.body) if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)}
        before = dict(scope.env)
        if scope.kind == "function":
            for name in sorted(names & scope.env.keys()):
                scope.env[name] = scope.fresh(name, [scope.env[name]], place)
        guard = iterated if iterated is not None else self._tested(node)
        with scope.guarded("loop" if target is not None else "while", guard):
            if target is not None:
                scope.bind_target(target, ("iter", guard), place_of(target))
            self.block(node.body)
        if scope.kind == "function":
            for name in sorted(names & before.keys()):
                if name in scope.env and scope.env[name][0] != "fresh":
                    scope.fresh(name, [scope.env[name]], place)
        self._merge(before)
        self.block(node.orelse)

    def _for(self, node: ast.For | ast.AsyncFor) -> None:
        self._loop(node, self._read(node.iter), node.target)

    def _while(self, node: ast.While) -> None:
        self._loop(node, None, None)

    def _tested(self, node: ast.For | ast.AsyncFor | ast.While) -> Term:
        """Return the test of a ``while`` loop."""
        assert isinstance(node, ast.While)
        test = self._read(node.test)
        self.scope.note("while", (test,), place_of(node), "broken" if _is_left(node) else "")
        return test

    def _try(self, node: ast.Try) -> None:
        before = dict(self.scope.env)
        with self.scope.guarded("try", UNKNOWN):
            self.block(node.body)
            self.block(node.orelse)  # an error passes it by as it does the rest of the block
        after = dict(self.scope.env)
        for handler in node.handlers:
            self.scope.env = dict(before)
            self._merge(after)
            caught = self._read(handler.type) if handler.type is not None else UNKNOWN
            with self.scope.guarded("except", caught):
                self.scope.note("handle", (caught,), place_of(handler))
                if handler.name:
                    self.scope.bind(handler.name, ("exception", caught), place_of(handler))
                self.block(handler.body)
            if not leaves(handler.body):
                merged, self.scope.env = self.scope.env, after
                self._merge(merged)
                after = self.scope.env
        self.scope.env = after
        with self.scope.guarded("finally", UNKNOWN):
            self.block(node.finalbody)

    def _with(self, node: ast.With | ast.AsyncWith) -> None:
        before = self.scope.guards
        for item in node.items:
            context = self._read(item.context_expr)
            self.scope.note("enter", (context,), place_of(node))
            self._guard("with", context)
            if item.optional_vars is not None:
                self.scope.bind_target(item.optional_vars, ("enter", context), place_of(node))
        for statement in node.body:
            reader = _READERS.get(type(statement))
            if reader is not None:
                reader(self, statement)
        self.scope.guards = before

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        term, decorators = self.scope.define(node)
        if self.scope.kind == "class" and not any(_adds_to(one, node.name) for one in node.decorator_list):
            self.scope.methods[node.name] = term[1]
        self.scope.bind(node.name, self._decorated(term, decorators), place_of(node))

    def _class(self, node: ast.ClassDef) -> None:
        """Read a class. Decorators are called with it; the name stays the class, which nearly all of them give back."""
        term, decorators = self.scope.define_class(node)
        self._decorated(term, decorators)
        self.scope.bind(node.name, term, place_of(node))

    def _decorated(self, term: Term, decorators: tuple[Decorator, ...]) -> Term:
        """Note the calls of decorators; return what the last of them returns."""
        for decorator in reversed(decorators):
            term = ("call", decorator.term, (term,), (), (self.scope.file.module.name, *decorator.place))
            self.scope.note("call", (term,), decorator.place)
        return term

    def _import(self, node: ast.Import | ast.ImportFrom) -> None:
        module = self.scope.file.module
        for name, dotted in self.scope.file.imported(node):
            if self.scope.kind == "module":
                module.imports.setdefault(name, dotted)
            else:
                self.scope.env[name] = ("dotted", dotted)
                self.scope.assigned.setdefault(name, []).append(("dotted", dotted))

    def _match(self, node: ast.Match) -> None:
        """Read the cases: each binds what its pattern names, asks its guard, and runs where that holds."""
        subject = self._read(node.subject)
        before, merged = dict(self.scope.env), []
        for case in node.cases:
            self.scope.env = dict(before)
            self._bind_pattern(case.pattern, subject)
            with self.scope.guarded("match", subject):
                if case.guard is None:
                    self.block(case.body)
                else:
                    test = self._read(case.guard)
                    with self.scope.guarded("if", test):
                        self.block(case.body)
            if not leaves(case.body):
                merged.append(self.scope.env)
        self.scope.env = before
        for env in merged:
            self._merge(env)

    def _bind_pattern(self, pattern: ast.pattern, subject: Term) -> None:
        """Bind the names of a pattern to the parts of what is matched that stand for them."""
        for name, value, place in bindings(pattern, subject):
            self.scope.bind(name, value, place)


_READERS: dict[type[ast.AST], Callable[..., None]] = {
    ast.Assign: Statements._assign, ast.AnnAssign: Statements._annotated, ast.AugAssign: Statements._augmented,
    ast.Delete: Statements._delete, ast.Return: Statements._return, ast.Raise: Statements._raise,
    ast.Expr: Statements._expression, ast.If: Statements._if, ast.For: Statements._for, ast.AsyncFor: Statements._for,
    ast.While: Statements._while, ast.Try: Statements._try, ast.With: Statements._with,
    ast.AsyncWith: Statements._with, ast.FunctionDef: Statements._function,
    ast.AsyncFunctionDef: Statements._function, ast.ClassDef: Statements._class, ast.Import: Statements._import,
    ast.ImportFrom: Statements._import, ast.Assert: Statements._assert, ast.Match: Statements._match,
    ast.Continue: Statements._leave, ast.Break: Statements._leave,
}  # fmt: skip
if hasattr(ast, "TryStar"):
    _READERS[ast.TryStar] = Statements._try


def _adds_to(decorator: ast.expr, name: str) -> bool:
    """Tell whether a decorator adds to what a name stands for already, as ``@size.setter`` does to a property."""
    if not isinstance(decorator, ast.Attribute):
        return False
    base = decorator.value
    return (base.id if isinstance(base, ast.Name) else base.attr if isinstance(base, ast.Attribute) else "") == name


def _is_left(node: ast.While) -> bool:
    """Tell whether a loop is left from inside: by ``break``, or by a return at any depth."""
    stack: list[tuple[ast.AST, bool]] = [(statement, True) for statement in node.body]
    while stack:
        here, own = stack.pop()
        if isinstance(here, (ast.Return, ast.Raise)) or (isinstance(here, ast.Break) and own):
            return True
        if isinstance(here, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)):
            continue
        loop = here if isinstance(here, (ast.For, ast.AsyncFor, ast.While)) else None
        stack += [
            (child, own and (loop is None or child in loop.orelse))  # what follows a loop is no part of it
            for child in ast.iter_child_nodes(here)
            if isinstance(child, (ast.stmt, ast.excepthandler, ast.match_case))
        ]
    return False


__all__ = ["NONE", "Statements", "leaves"]
