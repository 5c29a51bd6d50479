"""Calls of a function in the program, and what is passed for each of its parameters."""

from __future__ import annotations

import ast
import bisect
import enum
import inspect
from typing import Any, Iterator, NamedTuple

from . import documented, sources
from .early import FunctionType, ModuleType, contents, is_a
from .sources import Searched, SourceFile, calling, space_of

SITES = 200
PLAIN = (str, int, float, bool, bytes, complex, type(None))
UNKNOWN = object()
_TEXT = {"str", "format", "join", "lower", "upper", "strip", "title", "replace", "decode", "hexdigest", "repr"}
_WHOLE = {"len", "int", "id", "hash"}


class CallSite(NamedTuple):
    """A call: where it stands, in which function and class, whether in a loop, a test, or behind a condition."""

    source: SourceFile
    call: ast.Call
    function: ast.AST | None
    owner: str
    parents: tuple[ast.AST, ...]

    @property
    def place(self) -> str:
        """Return ``file:line``."""
        return f"{self.source.path.rpartition('/')[2]}:{self.call.lineno}"


class PassedValue(NamedTuple):
    """What one call passes: ``value`` itself if it is plain, a class, function or enum member; else its ``kind``."""

    value: Any
    kind: Any
    place: str
    test: bool


def calls(name: str, scope: Searched) -> tuple[CallSite, ...]:
    """Return the calls by this name (``f(..)`` or ``x.f(..)``) in the program, tests included."""
    if (name, scope) not in _calls:
        found: list[CallSite] = []
        for source in calling(name, scope):
            found += _calls_in(source, name)
            if len(found) > SITES:
                break
        _calls[name, scope] = tuple(found[:SITES])
    return _calls[name, scope]


_calls: dict[tuple[str, Searched], tuple[CallSite, ...]] = {}


def calls_by_itself(kind: Any, scope: Searched) -> list[CallSite]:
    """Return the calls by which class methods of a class make an object of it: ``cls(..)``."""
    name, path = kind.__name__, kind.__qualname__
    found: list[CallSite] = []
    for source in calling("cls", scope):
        if not source.test and space_of(source).get(name) is kind:
            found += [site for site in _calls_in(source, "cls") if site.owner == path]
    return [site for site in found if isinstance(site.call.func, ast.Name) and _first_parameter(site.function) == "cls"]


def _first_parameter(function: ast.AST | None) -> str:
    given = function.args.args if isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef)) else []
    return given[0].arg if given else ""


def examples(name: str, scope: Searched) -> tuple[CallSite, ...]:
    """Return the calls by this name that docstrings of the program show; they count as those of tests."""
    if (name, scope) not in _examples:
        found: list[CallSite] = []
        for source in calling(name, scope):
            shown = source._replace(test=True)
            found += [CallSite(shown, call, None, "", ()) for call in documented.shown_calls(source.tree, name)]
        _examples[name, scope] = tuple(found[:SITES])
    return _examples[name, scope]


_examples: dict[tuple[str, Searched], tuple[CallSite, ...]] = {}


def _calls_in(source: SourceFile, name: str) -> Iterator[CallSite]:
    """Yield the calls in one file; no recursion, for generated code is deeper than Python's limit.

    Only what spans a line with the name and a parenthesis is looked into.
    """
    lines = sources.lines_with(source.path, name)
    waiting: list[tuple[ast.AST, tuple[ast.AST, ...]]] = [(source.tree, ())]
    while waiting:
        node, parents = waiting.pop()
        if isinstance(node, ast.Call) and _called(node.func) == name:
            functions = [item for item in parents if isinstance(item, (ast.FunctionDef, ast.AsyncFunctionDef))]
            owners = [item.name for item in parents if isinstance(item, ast.ClassDef)]
            yield CallSite(source, node, functions[-1] if functions else None, ".".join(owners), parents)
        inside = (*parents, node)
        children = [child for child in ast.iter_child_nodes(node) if _spans(child, lines)]
        waiting += [(child, inside) for child in reversed(children)]


def _spans(node: ast.AST, lines: list[int]) -> bool:
    first, last = getattr(node, "lineno", 0), getattr(node, "end_lineno", None)
    if last is None:
        return True
    place = bisect.bisect_left(lines, min([first, *[item.lineno for item in getattr(node, "decorator_list", ())]]))
    return place < len(lines) and lines[place] <= last


def _called(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def passed(site: CallSite, parameters: list[inspect.Parameter]) -> dict[str, PassedValue]:
    """Return what a call passes by parameter; what cannot be told has the value ``UNKNOWN`` and no kind."""
    space = space_of(site.source)
    found: dict[str, PassedValue] = {}
    positional = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    for parameter, node in zip(positional, site.call.args):
        if isinstance(node, ast.Starred):
            break
        found[parameter.name] = _of(node, space, site)
    for keyword in site.call.keywords:
        if keyword.arg is not None:
            found[keyword.arg] = _of(keyword.value, space, site)
    return found


def _of(node: ast.expr, space: dict[str, Any], site: CallSite) -> PassedValue:
    value, kind = meaning(node, space)
    if isinstance(node, ast.Name) and node.id == "self" and site.owner:
        kind = space.get(site.owner.partition(".")[0])
        kind = kind if is_a(kind, type) else None
    return PassedValue(value, kind, site.place, site.source.test)


def meaning(node: ast.expr, space: dict[str, Any]) -> tuple[Any, Any]:
    """Return (value, type) of an expression: ``UNKNOWN`` and None for what is not known."""
    if isinstance(node, ast.Constant):
        return node.value, type(node.value)
    if isinstance(node, (ast.Name, ast.Attribute)):
        value = looked_up(node, space)
        if type(value) in PLAIN or is_a(value, (type, FunctionType, enum.Enum)):
            return value, type(value)
        return UNKNOWN, None
    if isinstance(node, ast.UnaryOp) and isinstance(node.operand, ast.Constant):
        try:
            value = ast.literal_eval(node)
        except (ValueError, TypeError):
            return UNKNOWN, None
        return value, type(value)
    return UNKNOWN, _kind(node, space)


def _kind(node: ast.expr, space: dict[str, Any]) -> Any:
    if isinstance(node, ast.JoinedStr):
        return str
    if isinstance(node, ast.BinOp):
        left, right = meaning(node.left, space)[1], meaning(node.right, space)[1]
        return str if str in (left, right) else left if left is right and left in (int, float) else None
    for syntax, kind in ((ast.List, list), (ast.Dict, dict), (ast.Set, set), (ast.Tuple, tuple)):
        if isinstance(node, syntax):
            return kind
    if isinstance(node, ast.Lambda):
        return FunctionType
    if isinstance(node, ast.Call):
        name = _called(node.func)
        callee = looked_up(node.func, space)
        if is_a(callee, type):
            return callee
        return str if name in _TEXT else int if name in _WHOLE else None
    return None


def looked_up(node: ast.expr, space: dict[str, Any]) -> Any:
    """Return what a dotted name means, without running any code of the target; ``UNKNOWN`` if that is not known."""
    names: list[str] = []
    while isinstance(node, ast.Attribute):
        names.append(node.attr)
        node = node.value
    found: Any = space.get(node.id, UNKNOWN) if isinstance(node, ast.Name) else UNKNOWN
    if found is UNKNOWN and isinstance(node, ast.Name):
        found = {"str": str, "int": int, "float": float, "list": list, "dict": dict, "set": set, "tuple": tuple,
                 "bytes": bytes, "object": object}.get(node.id, UNKNOWN)  # fmt: skip
    for name in reversed(names):
        if not is_a(found, (type, ModuleType)):
            return UNKNOWN
        found = contents(found).get(name, UNKNOWN)
    return found
