"""Clean-up in ``__del__`` that a weak container makes idle: it goes, or is made quiet where it is not certain to be idle."""

from __future__ import annotations

from collections.abc import Iterable

import libcst as cst

from leaklint.repairs.draft import Draft
from leaklint.repairs.files import ParsedFile
from leaklint.repairs.roles import Role

_REMOVALS = frozenset({"pop", "remove", "discard", "__delitem__"})


def dropped(draft: Draft, role: Role, every: Iterable[Role]) -> bool:
    """Take a removal out of ``__del__`` and return True, if the entry goes with the object for certain.

    It does where the object itself is the element or the key, or where the key is the object's ``id()`` and each store
    under that key stores the object. A method of which nothing is left goes as a whole.
    """
    statement = _statement(role)
    method = role.use.scope.node
    if role.use.scope.name != "__del__" or statement is None or not isinstance(method, cst.FunctionDef):
        return False
    this = method.params.params[0].name.value if method.params.params else ""
    if not this or not _is_own(role, this, every):
        return False
    file = role.file
    rest = [one for one in method.body.body if one is not statement and not _is_idle(one)]
    if rest or not _method_goes(draft, file, method):
        if not rest:
            draft.replace(file, statement.body[0], "pass")
        else:
            _cut_line(draft, file, statement)
    draft.note(f"the clean-up at {role.place} has nothing left to do and goes")
    return True


def _statement(role: Role) -> cst.SimpleStatementLine | None:
    """Return the line that is nothing but the removal and stands directly in the method."""
    file, above = role.file, role.file.parent(role.node)
    is_removal = role.kind == "delete-item" or (role.kind == "call" and role.name in _REMOVALS)
    if not is_removal or not isinstance(above, (cst.Del, cst.Expr)):
        return None
    line = file.parent(above)
    method = role.use.scope.node
    if not isinstance(line, cst.SimpleStatementLine) or len(line.body) != 1 or file.indent(line) is None:
        return None
    return line if isinstance(method, cst.FunctionDef) and any(one is line for one in method.body.body) else None


def _is_own(role: Role, this: str, every: Iterable[Role]) -> bool:
    """Tell whether the entry is one that dies with ``this``."""
    removed = role.arguments[0] if role.kind == "call" and role.arguments else role.key
    if removed is None:
        return False
    text = " ".join(role.file.code(removed).split())
    if text == this:
        return role.kind != "call" or role.name != "pop" or len(role.call.args) == 2
    if text != f"id({this})":
        return False
    stores = [one for one in every if one.kind == "set-item"]
    return bool(stores) and all(
        one.key_text == text and isinstance(one.value, cst.Name) and one.value.value == this for one in stores
    )


def _is_idle(statement: cst.CSTNode) -> bool:
    """A docstring or ``pass``."""
    if not isinstance(statement, cst.SimpleStatementLine) or len(statement.body) != 1:
        return False
    only = statement.body[0]
    return isinstance(only, cst.Pass) or (isinstance(only, cst.Expr) and isinstance(only.value, cst.SimpleString))


def _method_goes(draft: Draft, file: ParsedFile, method: cst.FunctionDef) -> bool:
    """Take a whole ``__del__`` out, if nothing speaks of it, no comment belongs to it, and the class has more to it."""
    block = file.parent(method)
    if not isinstance(block, cst.IndentedBlock) or len(block.body) < 2 or method.decorators:
        return False
    if any(line.comment is not None for line in method.leading_lines) or file.indent(method) is None:
        return False
    if any(True for _ in draft.files.program.attributes("__del__")):
        return False
    start, end = file.line_start(file.start(method)), file.line_after(file.end(method) - 1)
    if block.body[0] is method:
        while end < len(file.text) and not file.text[end : file.line_after(end)].strip():
            end = file.line_after(end)
    else:
        while start and not file.text[file.line_start(start - 1) : start].strip():
            start = file.line_start(start - 1)
    draft.splice(file, start, end, "")
    return True


def _cut_line(draft: Draft, file: ParsedFile, statement: cst.SimpleStatementLine) -> None:
    start = file.line_start(file.start(statement.body[0]))
    draft.splice(file, start, file.line_after(file.end(statement.body[0])), "")
