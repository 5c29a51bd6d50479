"""Other owners in the function that stores: a field of its object, or a container that the object has for itself."""

from __future__ import annotations

import libcst as cst

from leaklint.repairs.files import Files, ParsedFile
from leaklint.repairs.meaning import describe
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
            owner = _owner(files, file, below, scope)
            statement = file.statement(below)
            if (
                owner is not None
                and isinstance(statement, cst.SimpleStatementLine)
                and id(file.parent(statement)) in around
            ):
                return owner
    return None


def _owner(files: Files, file: ParsedFile, node: cst.Name, scope: CstScope) -> cst.Attribute | None:
    """Return the attribute of the object that keeps what a use of a name puts into it."""
    above = file.parent(node)
    place: cst.CSTNode | None = None
    if isinstance(above, cst.Assign) and above.value is node:
        targets = [one.target for one in above.targets]
        place = next((_inside(one) for one in targets if _inside(one) is not None), None)
    elif isinstance(above, cst.Arg) and isinstance(call := file.parent(above), cst.Call):
        method = call.func if isinstance(call.func, cst.Attribute) else None
        place = method.value if method is not None and method.attr.value in _PUTS else None
    if not isinstance(place, cst.Attribute) or not _is_own(files, file, place, scope):
        return None
    return place


def _inside(target: cst.CSTNode) -> cst.CSTNode | None:
    """Return what an assignment fills: ``self.x``, or ``self.x`` of ``self.x[key]``."""
    return target.value if isinstance(target, cst.Subscript) else target if isinstance(target, cst.Attribute) else None


def _is_own(files: Files, file: ParsedFile, place: cst.Attribute, scope: CstScope) -> bool:
    """Tell whether an attribute is the object's own, and none that lives as long as the process."""
    holders, function = files.program.holders, file.function(scope)
    values = describe(place, scope)
    owner = holders.owner_of(function, file.module)
    if owner is None or not all(value.kind == "self" and len(value.path) == 1 for value in values):
        return False
    if any(holders.resolve(value, function, file.module) is not None for value in values):
        return False
    return files.program.names.is_instance_name(owner, place.attr.value)
