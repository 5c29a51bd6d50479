"""Threads that run a method of the object for good: a static worker that asks a weak reference anew in each round."""

from __future__ import annotations

from collections.abc import Sequence

import libcst as cst

from leaklint.contracts.library import of_nature
from leaklint.flow.model import Function, Module
from leaklint.model import Fix
from leaklint.repairs.draft import Draft
from leaklint.repairs.files import Files, ParsedFile
from leaklint.repairs.program import Program
from leaklint.repairs.referents import prepare
from leaklint.repairs.scopes import walk
from leaklint.source import Span

NAME = "a static worker that takes weakref.ref(self)"
_REFERENCE, _PAUSE = "reference", "pause"


def worker(program: Program, module: Module, place: Span) -> Fix:
    """Return the repair of ``Thread(target=self.method)`` where the method is one endless loop that sleeps or waits.

    The thread then holds the object only while it works on it, and ends when nobody else holds it. Never ``safe``.
    """
    return _Worker(program, module, place).fix()


class _Worker:
    def __init__(self, program: Program, module: Module, place: Span) -> None:
        self.program = program
        self.draft = Draft(Files(program))
        self.file: ParsedFile = self.draft.files[module.name]
        self.place = place

    def fix(self) -> Fix:
        node = self.file.at(self.place, cst.Call)
        target = _keyword(node, "target") if node is not None else None
        found = self._method(target.value) if target is not None else None
        if node is None or target is None or found is None:
            return Fix("none", NAME, "the thread runs something else than a method of self that these files define")
        owner, function = found
        home = self.draft.files.of(function.key)
        definition = home.definition(function)
        if definition is None:
            return Fix("none", NAME, f"{function.name}() could not be read")
        self._check_thread(node)
        self._check_method(owner, function, definition, target.value)
        loop = _loop(definition)
        if loop is None:
            self.draft.refuse(f"{function.name}() is more than one endless loop")
        if not self.draft.refused and loop is not None:
            prepare(self.draft, owner)
            self._rewrite_call(target, node)
            self._rewrite_method(home, definition, loop)
            self.draft.assume(f"{function.name}() may end when nobody holds the object any more")
            self._check_finalizer(owner)
        return self.draft.fix(NAME, "")

    def _method(self, node: cst.BaseExpression) -> tuple[str, Function] | None:
        found = self.program.own_method(self.file.denoted(node))
        return (self.program.holders.self_of(self.file.denoted(node)[1]), found) if found is not None else None

    def _check_thread(self, node: cst.Call) -> None:
        if any(_keyword(node, name) is not None for name in ("args", "kwargs")) or any(one.star for one in node.args):
            self.draft.refuse(f"the thread made at {self.file.place(node)} passes arguments of its own")
        elif any(one.keyword is None for one in node.args):
            self.draft.refuse(f"the thread made at {self.file.place(node)} is given its target by position")

    def _check_method(
        self, owner: str, function: Function, definition: cst.FunctionDef, target: cst.BaseExpression
    ) -> None:
        name = function.name
        if len(function.params) != 1 or function.decorators or function.is_async or function.yields:
            self.draft.refuse(f"{name}() is not a plain method without arguments")
        if self.program.overridden(owner, name):
            self.draft.refuse(f"a subclass overrides {name}()")
        own = (self.file.module.name, self.file.source.place_of(target))
        others = ((module, place) for module, place, _ in self.program.attributes(name) if (module, place) != own)
        for module, place in others:
            self.draft.refuse(f"{name} is also used at {self.program.names.modules[module].path}:{place[0]}")
            break  # others may be many
        home = self.draft.files.of(function.key)
        bound = {node.value for node in walk(definition) if isinstance(node, cst.Name) and home.evaluates(node)}
        if bound & {_REFERENCE, _PAUSE}:
            self.draft.refuse(f"{name}() uses a name that the repair would need")

    def _check_finalizer(self, owner: str) -> None:
        """The worker may be the last to hold the object: then it runs ``__del__``, and cannot wait for itself there."""
        key = self.program.classes.method(owner, "__del__")
        if key is None:
            return
        home = self.draft.files.of(key)
        definition = home.definition(self.program.functions[key])
        for node in walk(definition) if definition is not None else ():
            if isinstance(node, cst.Call) and isinstance(node.func, cst.Attribute) and node.func.attr.value == "join":
                self.draft.assume(
                    f"an error from the join() at {home.place(node)}, run by the thread itself, may be lost"
                )

    def _rewrite_call(self, target: cst.Arg, node: cst.Call) -> None:
        file = self.file
        made = self.draft.name(file, "ref", file.scope(node))
        this = target.value.value if isinstance(target.value, cst.Attribute) else target.value
        self.draft.insert(file, file.end(target.value), f", args=({made}({file.code(this)}),)")

    def _rewrite_method(self, file: ParsedFile, node: cst.FunctionDef, loop: cst.While) -> None:
        draft, newline = self.draft, file.newline
        indent = file.indent(node)
        statements = list(loop.body.body)
        inner = file.indent(statements[0]) if statements else None
        this = node.params.params[0].name if node.params.params else None
        place, wait = _waits(statements)
        if indent is None or inner is None or this is None or wait is None:
            draft.refuse(f"{node.name.value}() does not wait at the start or the end of each round")
            return
        step = inner[len(file.indent(loop) or "") :]
        asked = (f"{this.value} = {_REFERENCE}()", f"if {this.value} is None{{more}}:", f"{step}return")
        ask = "".join(f"{inner}{line}{newline}" for line in asked)
        draft.insert(file, file.start(node), f"@staticmethod{newline}{indent}")
        draft.replace(file, this, _REFERENCE)
        draft.insert(file, file.line_start(file.start(statements[0])), ask.format(more=_stops(file, loop.test)))
        draft.replace(file, loop.test, "True")
        self._rewrite_wait(file, statements[place], wait, inner, this.value)
        if place == 0:
            after = file.line_after(file.end(statements[0]))
            draft.insert(file, after, ask.format(more=""))
            self._at_end(file, statements[-1], f"{inner}del {this.value}{newline}")

    def _at_end(self, file: ParsedFile, last: cst.CSTNode, text: str) -> None:
        after = file.line_after(file.end(last) - 1)
        before = "" if file.text[after - 1 : after] in {"\n", "\r"} else file.newline
        self.draft.insert(file, after, before + text)

    def _rewrite_wait(self, file: ParsedFile, statement: cst.CSTNode, wait: cst.Call, inner: str, this: str) -> None:
        """Work out how long, or on what, to wait; let go of the object; wait."""
        newline = file.newline
        argument = wait.args[0].value if wait.args else None
        lines = ""
        if isinstance(wait.func, cst.Attribute) and _mentions(wait.func, this):
            event = f"{_PAUSE} = {file.code(wait.func.value)}"
            lines = f"{event}{newline}{inner}del {this}{newline}{inner}"
            if argument is not None and _mentions(argument, this):
                self.draft.refuse(f"the wait at {file.place(wait)} is for a time that the object keeps")
            self.draft.replace(file, wait.func.value, _PAUSE)
        elif argument is not None and _mentions(argument, this):
            lines = f"{_PAUSE} = {file.code(argument)}{newline}{inner}del {this}{newline}{inner}"
            self.draft.replace(file, argument, _PAUSE)
        else:
            lines = f"del {this}{newline}{inner}"
        self.draft.insert(file, file.start(statement), lines)


def _keyword(node: cst.Call, name: str) -> cst.Arg | None:
    return next((one for one in node.args if one.keyword is not None and one.keyword.value == name), None)


def _loop(node: cst.FunctionDef) -> cst.While | None:
    """Return the loop that is all that a function does, if nothing in it starts a round early."""
    body = list(node.body.body)
    if body and isinstance(body[0], cst.SimpleStatementLine) and isinstance(body[0].body[0], cst.Expr):
        if isinstance(body[0].body[0].value, (cst.SimpleString, cst.ConcatenatedString)):
            body = body[1:]
    loop = body[0] if len(body) == 1 else None
    if not isinstance(loop, cst.While) or loop.orelse is not None or not isinstance(loop.body, cst.IndentedBlock):
        return None
    return None if any(isinstance(one, cst.Continue) for one in walk(loop)) else loop


def _waits(statements: Sequence[cst.CSTNode]) -> tuple[int, cst.Call | None]:
    """Return the place of the statement that waits, the first or the last of a round, and its call."""
    for place in (0, len(statements) - 1):
        one = statements[place]
        if isinstance(one, cst.SimpleStatementLine) and len(one.body) == 1 and isinstance(one.body[0], cst.Expr):
            call = one.body[0].value
            if isinstance(call, cst.Call) and len(call.args) <= 1:
                name = call.func.attr.value if isinstance(call.func, cst.Attribute) else getattr(call.func, "value", "")
                if name in of_nature("waits"):
                    return place, call
    return 0, None


def _stops(file: ParsedFile, test: cst.BaseExpression) -> str:
    """Return what ends the loop besides the death of the object, as the rest of a condition."""
    if (isinstance(test, cst.Name) and test.value == "True") or isinstance(test, cst.Integer):
        return ""
    if isinstance(test, cst.UnaryOperation) and isinstance(test.operator, cst.Not):
        return f" or {file.code(test.expression)}"
    return f" or not ({file.code(test)})"


def _mentions(node: cst.CSTNode, name: str) -> bool:
    return any(isinstance(one, cst.Name) and one.value == name for one in walk(node))
