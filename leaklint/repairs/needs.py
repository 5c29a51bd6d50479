"""What a clean-up needs of its object: a finalizer that takes this, and not the object, can run when the object is gone."""

from __future__ import annotations

from typing import NamedTuple

import libcst as cst

from leaklint.flow.model import Event, Function
from leaklint.repairs.files import Files, ParsedFile
from leaklint.repairs.program import Program, once
from leaklint.repairs.scopes import walk


class Needed(NamedTuple):
    """``texts`` are a callable and its arguments, without the object; ``why`` says what stands against that."""

    texts: tuple[str, ...] = ()
    why: str = ""


def of_call(files: Files, file: ParsedFile, node: cst.BaseExpression, owner: str, registered: cst.CSTNode) -> Needed:
    """Return what a call on parts of ``self`` needs: ``self.writer.close()``, ``rmtree(self.path)``."""
    if not isinstance(node, cst.Call):
        return Needed(why="more than one call, or none")
    parts = [node.func, *[argument.value for argument in node.args]]
    if any(argument.star for argument in node.args):
        return Needed(why="arguments that are spread")
    for part in parts:
        why = _bad(files, file, part, owner, registered)
        if why:
            return Needed(why=why)
    given = [file.text[file.start(one) : file.end(one)].rstrip().removesuffix(",") for one in node.args]
    return Needed((file.code(node.func), *given))


def of_method(files: Files, name: str, owner: str, registered: cst.CSTNode) -> Needed:
    """Return what a method of the class needs; it must be one call, and no subclass may do something else."""
    if files.program.overridden(owner, name):
        return Needed(why=f"a subclass overrides {name}()")
    found, file, node = _method(files, name, owner)
    if found is None or node is None or len(found.params) != 1 or node.decorators or found.is_async:
        return Needed(why=f"{name}() takes more than the object")
    lines = [line.body if isinstance(line, cst.SimpleStatementLine) else [line] for line in node.body.body]
    statements: list[cst.CSTNode] = [small for line in lines for small in line]
    statements = [one for one in statements if not _is_text(one) and not isinstance(one, cst.Pass)]
    if len(statements) != 1 or not isinstance(statements[0], (cst.Expr, cst.Return)) or file is not files.of(owner):
        return Needed(why=f"{name}() is more than one call")
    value = statements[0].value
    if value is None:
        return Needed(why=f"{name}() does nothing")
    if _local_names(value, found.params[0].name):
        return Needed(why=f"{name}() uses names of its own")
    return of_call(files, file, value, owner, registered)


def only_itself(files: Files, name: str, owner: str) -> bool:
    """Tell whether a method only sets attributes of its own object, which nobody can see once that is gone."""
    found, _, node = _method(files, name, owner)
    if found is None or node is None or files.program.overridden(owner, name):
        return False
    lines = [line.body if isinstance(line, cst.SimpleStatementLine) else [line] for line in node.body.body]
    statements: list[cst.CSTNode] = [small for line in lines for small in line]
    acting = [one for one in statements if not _is_text(one) and not isinstance(one, cst.Pass)]
    return bool(acting) and len(found.params) == 1 and all(_is_own(one) for one in acting)


def done_at_end(files: Files, name: str, owner: str) -> bool:
    """Tell whether ``__del__`` calls a method of its own object whatever happens: then the end of the object has seen to it."""
    _, _, node = _method(files, "__del__", owner)
    if node is None or files.program.overridden(owner, "__del__"):
        return False
    lines = [line.body if isinstance(line, cst.Try) else line for line in node.body.body]
    first = next((line for line in lines if not _is_text(_only(line))), None)
    call = _only(first.body[0] if isinstance(first, cst.IndentedBlock) else first)
    match call:
        case cst.Expr(cst.Call(func=cst.Attribute(value=cst.Name("self"), attr=cst.Name() as called), args=())):
            return called.value == name
    return False


def _method(files: Files, name: str, owner: str) -> tuple[Function | None, ParsedFile, cst.FunctionDef | None]:
    """Return a method that a class has, of its own or from one above, with its file and its node there."""
    key = files.program.classes.method(owner, name)
    function, file = (files.program.functions[key], files.of(key)) if key is not None else (None, files.of(owner))
    return function, file, file.definition(function) if function is not None else None


def _only(line: cst.CSTNode | None) -> cst.CSTNode | None:
    """Return the first statement of a line of simple ones."""
    return line.body[0] if isinstance(line, cst.SimpleStatementLine) else None


def _is_own(node: cst.CSTNode) -> bool:
    """Tell whether a statement sets an attribute of ``self`` to something plain or empty."""
    if not isinstance(node, cst.Assign):
        return False
    value = node.value
    empty = isinstance(value, (cst.List, cst.Dict, cst.Tuple)) and not value.elements
    plain = isinstance(value, (cst.Integer, cst.Float, cst.SimpleString)) or (
        isinstance(value, cst.Name) and value.value in {"None", "True", "False"}
    )
    own = all(
        isinstance(one.target, cst.Attribute)
        and isinstance(one.target.value, cst.Name)
        and one.target.value.value == "self"
        for one in node.targets
    )
    return own and (empty or plain)


def _is_text(node: cst.CSTNode | None) -> bool:
    return isinstance(node, cst.Expr) and isinstance(node.value, (cst.SimpleString, cst.ConcatenatedString))


def _local_names(value: cst.CSTNode, this: str) -> bool:
    """Tell whether an expression could mean something else where it is registered than inside the method."""
    if this != "self":
        return True
    return any(
        isinstance(node, (cst.Lambda, cst.BaseComp, cst.NamedExpr, cst.Await, cst.Yield)) for node in walk(value)
    )


def _bad(files: Files, file: ParsedFile, part: cst.CSTNode, owner: str, registered: cst.CSTNode) -> str:
    """Return why a part of the call cannot be worked out at registration; nothing if it can."""
    for node in walk(part):
        if not (isinstance(node, cst.Name) and node.value == "self"):
            continue
        above = file.parent(node)
        if not (isinstance(above, cst.Attribute) and above.value is node):
            return "the object itself"
        name = above.attr.value
        if files.program.classes.method(owner, name) is not None:
            return f"the object itself, through self.{name}()"
        why = _unsteady(files, name, owner, registered)
        if why:
            return why
    return ""


def _unsteady(files: Files, name: str, owner: str, registered: cst.CSTNode) -> str:
    """Return why an attribute may be another when the clean-up runs, or may lead back to the object."""
    file = files.of(owner)
    found = _settings(files.program).get(name, [])
    place = file.source.span_of(found[0][1].place) if len(found) == 1 and files.of(found[0][0].key) is file else None
    statement = (file.at(place, cst.Assign) or file.at(place, cst.AnnAssign)) if place is not None else None
    targets = [one.target for one in statement.targets] if isinstance(statement, cst.Assign) else []
    value = (
        statement.value if statement is not None and all(isinstance(one, cst.Attribute) for one in targets) else None
    )
    if value is None or statement is None:
        return f"self.{name}, which is not set once"
    if not name.startswith("_") and _is_nought(value):
        return f"self.{name}, which starts as {file.code(value)} and is there to be set"
    if file.scope(statement) is not file.scope(registered) or file.start(statement) > file.start(registered):
        return f"self.{name}, which is not there yet"
    for node in walk(value):
        if isinstance(node, cst.Name) and node.value == "self":
            above = file.parent(node)
            read = above.attr.value if isinstance(above, cst.Attribute) and above.value is node else ""
            if not read or files.program.classes.method(owner, read) is not None:
                return f"self.{name}, which may lead back to the object"
        if isinstance(node, cst.Lambda):
            return f"self.{name}, which may lead back to the object"
    return ""


def _is_nought(value: cst.CSTNode) -> bool:
    """Tell whether a value stands for nothing yet: 0, False, None or an empty text."""
    if isinstance(value, cst.Name):
        return value.value in {"False", "None"}
    return isinstance(value, (cst.Integer, cst.Float, cst.SimpleString)) and not value.evaluated_value


@once
def _settings(program: Program) -> dict[str, list[tuple[Function, Event]]]:
    """Return by name the places that set an attribute, add to it or delete it."""
    found: dict[str, list[tuple[Function, Event]]] = {}
    for function in (one for module in program.modules.values() for one in module.functions.values()):
        for event in function.events:
            if event.kind in {"setattr", "delattr"}:
                found.setdefault(event.name, []).append((function, event))
            elif event.kind == "extend" and event.terms[0][0] == "attr":
                found.setdefault(event.terms[0][2], []).append((function, event))
    return found
