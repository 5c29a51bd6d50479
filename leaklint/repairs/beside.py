"""Other owners in the function that stores: a field of its object, or a container that the object has for itself."""

from __future__ import annotations

import libcst as cst

from leaklint.repairs.files import Files, ParsedFile
from leaklint.repairs.references import denoted
from leaklint.repairs.scopes import CstScope, walk

_PUTS = frozenset({"append", "appendleft", "add", "insert", "setdefault"})


def kept_beside(files: Files, file: ParsedFile, node: cst.Name, scope: CstScope) -> cst.Attribute | None:
    """Return the field of ``self`` that is given the variable, too, wherever the store at ``node`` runs; or None."""
    function = scope.node
    if not isinstance(function, cst.FunctionDef) or len(scope.bound.get(node.value, ())) > int(
        node.value not in scope.params
    ):
        return None
    around = {id(above) for above in file.around(node)}
    for below in walk(function.body):
        if (
            isinstance(below, cst.Name)
            and below.value == node.value
            and below is not node
            and file.scope(below) is scope
        ):
            owner = _owner(files, file, below)
            statement = file.statement(below)
            if (
                owner is not None
                and isinstance(statement, cst.SimpleStatementLine)
                and id(file.parent(statement)) in around
            ):
                return owner
    return None


def _owner(files: Files, file: ParsedFile, node: cst.Name) -> cst.Attribute | None:
    """Return the attribute of the object that keeps what a use of a name puts into it."""
    above = file.parent(node)
    place: cst.CSTNode | None = None
    if isinstance(above, cst.Assign) and above.value is node:
        targets = [one.target for one in above.targets]
        place = next((_inside(one) for one in targets if _inside(one) is not None), None)
    elif isinstance(above, cst.Arg) and isinstance(call := file.parent(above), cst.Call):
        method = call.func if isinstance(call.func, cst.Attribute) else None
        place = method.value if method is not None and method.attr.value in _PUTS else None
    if not isinstance(place, cst.Attribute) or not _is_own(files, file, place):
        return None
    return place


def _inside(target: cst.CSTNode) -> cst.CSTNode | None:
    """Return what an assignment fills: ``self.x``, or ``self.x`` of ``self.x[key]``."""
    return target.value if isinstance(target, cst.Subscript) else target if isinstance(target, cst.Attribute) else None


def _is_own(files: Files, file: ParsedFile, place: cst.Attribute) -> bool:
    """Tell whether an attribute is the object's own, and none that lives as long as the process."""
    program, term = files.program, file.denoted(place)
    if not program.attribute_of_self(term) or any(one is not None for one in denoted(program, term)):
        return False
    return program.holders.is_assigned(program.holders.self_of(term[1]), place.attr.value)
