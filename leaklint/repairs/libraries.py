"""What libraries keep: hand it over weakly where the library offers that, or close it after its last use."""

from __future__ import annotations

import libcst as cst

from leaklint.contracts.model import Contract
from leaklint.flow.model import Module
from leaklint.model import Fix
from leaklint.repairs.draft import Draft
from leaklint.repairs.files import Files, ParsedFile
from leaklint.repairs.program import Program
from leaklint.repairs.scopes import walk
from leaklint.source import Span

_UNREAD = "the call could not be read"


def held_weakly(program: Program, module: Module, place: Span, contract: Contract) -> Fix:
    """Return the repair that gives a registering call the argument by which the library holds weakly."""
    form = contract.weak_form
    draft = Draft(Files(program))
    file = draft.files[module.name]
    node = file.at(place, cst.Call)
    if form is None or node is None:
        return Fix("none", "", _UNREAD)
    name = f"{form.keyword}={form.value}"
    given = next((one for one in node.args if one.keyword is not None and one.keyword.value == form.keyword), None)
    first = node.args[0].value if node.args and not node.args[0].star else None
    if given is None:
        draft.refuse(f"the call at {file.place(node)} has no {form.keyword}= of its own")
    elif not isinstance(first, cst.Attribute):
        draft.refuse(f"what is registered at {file.place(node)} is held by nobody else, and would be gone at once")
    else:
        draft.replace(file, given.value, form.value)
        draft.assume(f"{file.code(first)}() need not be called for an object that nobody else holds any more")
    return draft.fix(name, "")


def closed(program: Program, module: Module, place: Span, contract: Contract) -> Fix:
    """Return the repair that closes what a call has made, after the last statement of the same block that uses it."""
    draft = Draft(Files(program))
    file = draft.files[module.name]
    node = file.at(place, cst.Call)
    undo = next((one for one in contract.undo if not one.endswith("__")), "")
    words = f"{undo.removeprefix('.')}() when it is done"
    line = file.statement(node) if node is not None else None
    if node is None or not undo or not isinstance(line, cst.SimpleStatementLine):
        return Fix("none", words if undo else "", _UNREAD)
    names = _names(line, node)
    block = file.parent(line)
    if not names or not isinstance(block, cst.IndentedBlock):
        draft.refuse(f"what is made at {file.place(node)} goes by no name of its own")
        return draft.fix(words, "")
    body = list(block.body)
    after = body[body.index(line) + 1 :]
    using = [one for one in after if _says(one, names)]
    last = using[-1] if using else line
    _check(draft, file, node, body[: body.index(line)], after, last, names)
    closing = _closing(draft, file, node, undo, contract, names[0])
    indent = file.indent(line)
    if not draft.refused and indent is not None:
        draft.insert(file, file.line_after(file.end(last)), f"{indent}{closing}{file.newline}")
        draft.assume(f"whoever {names[0]} was handed to is done with it")
    return draft.fix(f"{closing} after its last use", "")


def _names(line: cst.SimpleStatementLine, node: cst.Call) -> list[str]:
    """Return the names that a statement gives what a call has made: the object's first, then those of its parts."""
    if len(line.body) != 1 or not isinstance(line.body[0], cst.Assign) or line.body[0].value is not node:
        return []
    if len(line.body[0].targets) != 1:
        return []
    target = line.body[0].targets[0].target
    parts = [one.value for one in target.elements] if isinstance(target, (cst.Tuple, cst.List)) else [target]
    if not isinstance(parts[0], cst.Name):
        return []
    return [one.value for part in parts for one in walk(part) if isinstance(one, cst.Name)]


def _says(node: cst.CSTNode, names: list[str]) -> bool:
    return any(isinstance(one, cst.Name) and one.value in names for one in walk(node))


def _check(
    draft: Draft, file: ParsedFile, node: cst.Call, before: list[cst.BaseStatement], after: list[cst.BaseStatement],
    last: cst.BaseStatement, names: list[str],
) -> None:  # fmt: skip
    for one in after:
        for part in walk(one):
            if isinstance(part, (cst.Return, cst.Yield)) and _says(part, names):
                draft.refuse(f"what is made at {file.place(node)} leaves the function at {file.place(part)}")
            elif isinstance(part, cst.Assign) and _says(part.value, names[:1]) and isinstance(part.value, cst.Name):
                draft.refuse(f"{names[0]} goes by another name at {file.place(part)}")
            elif isinstance(part, (cst.FunctionDef, cst.Lambda)) and _says(part, names):
                draft.refuse(f"a function that may run later uses {names[0]} at {file.place(part)}")
    ending = last.body[-1] if isinstance(last, cst.SimpleStatementLine) else None
    if isinstance(ending, (cst.Return, cst.Raise)):
        draft.refuse(f"the last use of {names[0]} ends the function")
    del before


def _closing(draft: Draft, file: ParsedFile, node: cst.Call, undo: str, contract: Contract, name: str) -> str:
    """Return the statement that closes an object, written as the file names the library."""
    if undo.startswith("."):
        return f"{name}{undo}()"
    module, _, last = undo.rpartition(".")
    if isinstance(node.func, cst.Attribute) and contract.name.rpartition(".")[0] == module:
        return f"{file.code(node.func.value)}.{last}({name})"
    return f"{draft.name(file, last, file.scope(node), module=module)}({name})"
