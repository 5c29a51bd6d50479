"""A handler for each instance: the logger gets one only while it has none."""

from __future__ import annotations

import libcst as cst

from leaklint.flow.model import Module
from leaklint.model import Fix
from leaklint.repairs.draft import Draft
from leaklint.repairs.files import Files, ParsedFile
from leaklint.repairs.program import Program
from leaklint.repairs.scopes import CstScope, dotted_name, walk
from leaklint.source import Span

NAME = "if not logger.handlers: before it"


def guarded_handler(program: Program, module: Module, place: Span) -> Fix:
    """Return the repair that puts ``addHandler`` behind a look at the logger's handlers.

    The handler has to be made of nothing that belongs to one object, and the only one that the function adds: later
    objects then use the first one's. Never ``safe``.
    """
    files = Files(program)
    draft = Draft(files)
    file = files[module.name]
    node = file.at(place, cst.Call)
    line = file.statement(node) if node is not None else None
    if (
        not isinstance(node, cst.Call)
        or not isinstance(node.func, cst.Attribute)
        or not _stands_alone(file, node, line)
    ):
        return Fix("none", NAME, "the call is part of a larger statement")
    logger = node.func.value
    if not _is_plain(logger):
        draft.refuse(f"asking {file.code(logger)} for its handlers would work it out a second time")
    if len(node.args) != 1 or node.args[0].star:
        draft.refuse(f"the call at {file.place(node)} cannot be read")
    else:
        _check_handler(draft, file, node, node.args[0].value)
    _check_others(draft, file, node)
    indent = file.indent(line) if line is not None else None
    if line is not None and indent is not None:
        unit = file.source.module.default_indent
        draft.insert(file, file.start(line), f"if not {file.code(logger)}.handlers:{file.newline}{indent}{unit}")
    draft.assume("later objects may share the handler of the first one")
    draft.assume(f"{file.code(logger)} needs no second handler where somebody else has given it one")
    return draft.fix(NAME, "")


def _stands_alone(file: ParsedFile, node: cst.Call, line: cst.CSTNode | None) -> bool:
    return (
        isinstance(line, cst.SimpleStatementLine)
        and len(line.body) == 1
        and isinstance(line.body[0], cst.Expr)
        and line.body[0].value is node
        and file.indent(line) is not None
    )


def _is_plain(node: cst.BaseExpression) -> bool:
    """A name, an attribute of names, or ``getLogger`` of a constant: what can be worked out twice alike."""
    if isinstance(node, cst.Call):
        constant = all(isinstance(one.value, (cst.SimpleString, cst.Name)) for one in node.args)
        return dotted_name(node.func).rpartition(".")[2] == "getLogger" and constant
    return bool(dotted_name(node))


def _check_handler(draft: Draft, file: ParsedFile, node: cst.Call, handler: cst.BaseExpression) -> None:
    scope = file.scope(node)
    made: list[cst.CSTNode] = [handler]
    if isinstance(handler, cst.Name):
        name = handler.value
        made = [bound.node for bound in scope.bound.get(name, ()) if bound.node is not None]
        if not made or name in scope.params:
            draft.refuse(f"the handler added at {file.place(node)} is made elsewhere")
        for use in walk(scope.node):
            if isinstance(use, cst.Name) and use.value == name and _is_kept(file, use):
                draft.refuse(f"the handler added at {file.place(node)} is also kept at {file.place(use)}")
    if any(not isinstance(one, cst.Call) for one in made):
        draft.refuse(f"the handler added at {file.place(node)} is not made here")
    for one in made:
        own = sorted(_locals(one, scope))
        if own:
            draft.refuse(
                f"the handler added at {file.place(node)} is made of {own[0]}, which differs from object to object"
            )


def _locals(node: cst.CSTNode, scope: CstScope) -> set[str]:
    """Return the parameters and local names that occur in an expression."""
    names = {one.value for one in walk(node) if isinstance(one, cst.Name)}
    return names & (set(scope.params) | (set(scope.bound) - scope.outer))


def _is_kept(file: ParsedFile, use: cst.Name) -> bool:
    """Tell whether a local handler is given to something else than the logger: an attribute, a container, a caller."""
    above = file.parent(use)
    if isinstance(above, cst.Arg):
        call = file.parent(above)
        return not (isinstance(call, cst.Call) and dotted_name(call.func).endswith(".addHandler"))
    return isinstance(above, (cst.Assign, cst.AnnAssign, cst.Return, cst.Element, cst.DictElement, cst.Yield))


def _check_others(draft: Draft, file: ParsedFile, node: cst.Call) -> None:
    for other in walk(file.scope(node).node):
        if other is not node and isinstance(other, cst.Call) and isinstance(other.func, cst.Attribute):
            if other.func.attr.value == "addHandler":
                draft.refuse(
                    f"another handler is added at {file.place(other)}, and the look at one would stop the other"
                )
