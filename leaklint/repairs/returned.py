"""What a stored expression may come to: plain values, which take no weak references, through calls and their results."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import libcst as cst

from leaklint.contracts.texts import GIVING_TEXT
from leaklint.repairs.callees import reached
from leaklint.repairs.files import Files, ParsedFile
from leaklint.repairs.referents import STIFF
from leaklint.repairs.scopes import CstScope, walk

_HOPS = 5
NOTHING = "None"
_PLAIN = (
    cst.SimpleString, cst.ConcatenatedString, cst.FormattedString, cst.Integer, cst.Float, cst.Imaginary, cst.Comparison,
    cst.Tuple, cst.List, cst.Dict,
)  # fmt: skip
_MAKING_PLAIN = frozenset(
    "str int float bool bytes complex tuple list dict repr len format abs round sum hash object".split()
)
_LOOKING_UP = frozenset({"get", "pop", "setdefault"})


def plain_result(files: Files, file: ParsedFile, node: cst.CSTNode, scope: CstScope) -> str:
    """Return where what ``node`` comes to may be a plain value, through the functions of the program that it calls.

    What is written at the store itself is judged elsewhere.
    """
    results = _Results(files)
    for option in _options(node, scope):
        while isinstance(option, cst.Await):
            option = option.expression
        if isinstance(option, cst.Name) or (option is node and isinstance(option, _PLAIN)):  # judged elsewhere
            continue
        for found in results.of(option, _Place(file, scope), _HOPS):
            if found != NOTHING or not _is_guarded(file, node):
                return (
                    found
                    if found != NOTHING
                    else f"None, which {file.code(option)} at {file.place(option)} may come to"
                )
    return ""


def _is_guarded(file: ParsedFile, node: cst.CSTNode) -> bool:
    """Tell whether a store stands behind a test of the variable that it stores."""
    name = node.value if isinstance(node, cst.Name) else ""
    below: cst.CSTNode = node
    for above in file.around(node):
        if isinstance(above, cst.If) and name in re.findall(r"\w+", file.code(above.test)):
            text = file.code(above.test).replace(" ", "")
            absent = text in {f"not{name}", f"{name}isNone", f"{name}==None"}
            if (above.body is below) is not absent:
                return True
        if isinstance(above, cst.IndentedBlock) and name and _left_early(file, above, below, name):
            return True
        below = above
    return False


def _left_early(file: ParsedFile, block: cst.IndentedBlock, statement: cst.CSTNode, name: str) -> bool:
    """Tell whether a statement before another one of a block leaves it where a variable is None."""
    for one in block.body:
        if one is statement:
            return False
        text = file.code(one.test).replace(" ", "") if isinstance(one, cst.If) else ""
        if text in {f"not{name}", f"{name}isNone"} and isinstance(one, cst.If):
            last = list(walk(one.body))
            if any(isinstance(found, (cst.Return, cst.Raise, cst.Continue, cst.Break)) for found in last):
                return True
    return False


def _options(node: cst.CSTNode, scope: CstScope) -> list[cst.CSTNode]:
    """Return an expression, or what the assignments to a local name give it."""
    ways = scope.bound.get(node.value, ()) if isinstance(node, cst.Name) else ()
    return [way.node for way in ways if way.how == "value" and way.node is not None] or [node]


class _Place(NamedTuple):
    """Where an expression stands, and the ``arguments`` of the call that led there, which stand at ``caller``."""

    file: ParsedFile
    scope: CstScope
    arguments: Mapping[str, cst.BaseExpression] = {}
    caller: _Place | None = None


class _Results:
    """Walks through results; each function once."""

    def __init__(self, files: Files) -> None:
        self.files = files
        self.seen: set[tuple[str, str]] = set()

    def of_call(self, call: cst.Call, caller: _Place, hops: int) -> Iterator[str]:
        """Yield the places at which a called function returns a plain value."""
        there = reached(self.files, caller.file, call) if hops else None
        if there is None or (there.file.path, there.scope.qualname) in self.seen:
            return
        self.seen.add((there.file.path, there.scope.qualname))
        if there.node.returns is not None:
            text = there.file.code(there.node.returns.annotation)
            stiff = next((word for word in re.findall(r"\w+", text) if word in STIFF - {"None", "object"}), "")
            if stiff and not re.search(r"\b(?:Callable|[Tt]ype)\[", text):
                yield f"{there.node.name.value}() at {there.file.place(there.node)} is said to return a {stiff}"
                return
        for below in walk(there.node.body):
            if not isinstance(below, cst.Return) or there.file.scope(below) is not there.scope:
                continue
            if below.value is None:
                yield NOTHING
            else:
                yield from self.of(below.value, _Place(there.file, there.scope, there.given, caller), hops - 1)

    def of(self, node: cst.CSTNode, place: _Place, hops: int) -> Iterator[str]:
        """Yield the places at which an expression is a plain value."""
        file = place.file
        if isinstance(node, (cst.IfExp, cst.BooleanOperation)):
            sides = (node.body, node.orelse) if isinstance(node, cst.IfExp) else (node.left, node.right)
            for side in sides:
                yield from self.of(side, place, hops)
        elif isinstance(node, _PLAIN):
            yield f"{file.code(node)} at {file.place(node)} may be what is stored"
        elif isinstance(node, cst.Name) and node.value == "None":
            yield NOTHING
        elif isinstance(node, cst.Name):
            yield from self._of_name(node, place, hops)
        elif isinstance(node, cst.Call):
            if self._is_plain_call(node, place.scope):
                yield f"{file.code(node)} at {file.place(node)} may be what is stored"
            else:
                yield from self.of_call(node, place, hops)

    def _of_name(self, node: cst.Name, place: _Place, hops: int) -> Iterator[str]:
        for way in place.scope.bound.get(node.value, ()) if hops else ():
            if way.how == "value" and way.node is not None and way.node is not node:
                yield from self.of(way.node, place, hops - 1)
        passed = place.arguments.get(node.value) if node.value in place.scope.params else None
        if passed is not None and hops and place.caller is not None:
            yield from self.of(passed, _Place(place.caller.file, place.caller.scope), hops - 1)

    def _is_plain_call(self, call: cst.Call, scope: CstScope) -> bool:
        """Tell whether a call makes text or a number, or looks one up in a table that is written out."""
        if isinstance(call.func, cst.Name):
            return call.func.value in _MAKING_PLAIN
        if not isinstance(call.func, cst.Attribute):
            return False
        name, table = call.func.attr.value, call.func.value
        return name in GIVING_TEXT or (name in _LOOKING_UP and isinstance(table, cst.Name) and _is_table(table, scope))


def _is_table(name: cst.Name, scope: CstScope) -> bool:
    """Tell whether a name is bound to a dictionary that is written out and has plain values only."""
    for one in (scope, *scope.enclosing()):
        if name.value in one.bound:
            made = [way.node for way in one.bound[name.value] if way.how == "value"]
            return len(made) == len(one.bound[name.value]) == 1 and _has_plain_values(made[0])
    return False


def _has_plain_values(node: cst.CSTNode | None) -> bool:
    elements = node.elements if isinstance(node, cst.Dict) else ()
    return bool(elements) and all(
        isinstance(element, cst.DictElement) and isinstance(element.value, _PLAIN) for element in elements
    )
