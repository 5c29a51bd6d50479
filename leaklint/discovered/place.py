"""Where a holder that grew is written down: its file, its span there, and the name and kind that the rules know it by."""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Iterator
from typing import NamedTuple

from leaklint.deep import deep_recursion
from leaklint.discovered.rule import is_registry
from leaklint.flow.expressions import place_of
from leaklint.flow.model import Module, qualname
from leaklint.flow.read import read_flow
from leaklint.heap.points_to import PointsTo
from leaklint.paths import module_name
from leaklint.repairs.holders import HolderDefinition, Holders, unmangled
from leaklint.source import Source, SourceError, Span
from leaklint_runtime.discovery.model import GrowingHolder

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_DEFAULT = re.compile(r"__(?:kw)?defaults__\[(?:'(\w+)'|\d+)\]\Z")
# By the scope of a run's holder: those that the rules may have for it.
_SCOPES = {
    "module": frozenset({"module"}),
    "class": frozenset({"class", "metaclass"}),
    "object": frozenset({"class", "metaclass", "descriptor", "object"}),
    "function": frozenset({"function", "default"}),
    "closure": frozenset({"closure"}),
    "default": frozenset({"default"}),
}


class Definition(NamedTuple):
    """Where a holder stands in a ``file`` (absolute); ``symbol`` and ``kind`` are those that the rules have for it."""

    file: str
    span: Span
    symbol: str
    kind: str


class _Text(NamedTuple):
    """A file that was read, and its value flow."""

    source: Source
    module: Module

    def span(self, node: ast.expr | ast.stmt) -> Span:
        """Return where a node stands."""
        return self.source.span_of(place_of(node))


def definition(holder: GrowingHolder) -> Definition | None:
    """Return where the holder stands: the container, the memoised function, or the call that registers.

    A holder without a definition stands at its first store; there is none for one of which neither is known, nor for what C
    code hides, of which no rule speaks.
    """
    if holder.container_kind == "hidden":
        return None
    first = holder.stores[0] if holder.stores else None
    if is_registry(holder):
        return _of_call(holder, first.path, first.line) if first is not None else None
    if holder.path:
        return _of_container(holder, holder.path, holder.line)
    return _of_container(holder, first.path, first.line) if first is not None else None


def column(path: str, line: int) -> int:
    """Return the column at which a line begins, blanks left out; 1 where it cannot be read."""
    try:
        source = Source.read(path)
    except SourceError:
        return 1
    starts = source.line_starts
    if not 0 < line <= len(starts):
        return 1
    text = source.text[starts[line - 1] : starts[line] if line < len(starts) else len(source.text)]
    return len(text) - len(text.lstrip()) + 1 if text.strip() else 1


def _of_container(holder: GrowingHolder, path: str, line: int) -> Definition:
    file = os.path.abspath(path)
    text = _read(file)
    name = module_name(file)[1]
    bare = holder.symbol.partition(":")[2] or holder.symbol
    if any(edge.startswith("(inside") for edge in holder.retention[1::2]):
        bare += ".<locals>"  # of a generator or frame: no name leads to it
    if text is None:
        return Definition(file, Span(line, 1, line, 1), f"{name}:{bare}", holder.container_kind)
    if holder.container_kind == "memo":
        return _of_memo(text, file, line) or Definition(file, _statement(text, line), f"{name}:{bare}", "memo")
    known = _holder_at(text, line, holder) if not bare.endswith("<locals>") else None
    if known is not None:
        return Definition(file, text.source.span_of(known.place), known.symbol, known.kind)
    return Definition(file, _statement(text, line), f"{name}:{bare}", holder.container_kind)


def _holder_at(text: _Text, line: int, holder: GrowingHolder) -> HolderDefinition | None:
    """Return the holder that the rules know on a line; an attribute of ``self`` counts, whatever object that is."""
    name, attribute = text.module.name, unmangled(_attribute(holder.symbol))
    attributes = frozenset((name, f"{qualname(owner)}.{attribute}") for owner in text.module.classes)
    holders = Holders(PointsTo({name: text.module}), (name,), attributes)
    scopes = _SCOPES.get(holder.scope, frozenset())
    here = [item for item in holders.all.values() if item.scope in scopes and item.place[0] <= line <= item.place[2]]
    named = [item for item in here if attribute in {item.word, ""}]
    if len(named) == 1 or holder.scope not in {"class", "object"}:
        return named[0] if len(named) == 1 else None
    home, _, owner = holder.owner.partition(":")
    return holders.on_class(f"{name}:{owner}", attribute) if home == name else None


def _attribute(symbol: str) -> str:
    """Return the last name of a symbol; empty for a default argument that is told by its number."""
    default = _DEFAULT.search(symbol)
    return (default[1] or "") if default is not None else symbol.rpartition(".")[2].rpartition(":")[2].partition("[")[0]


def _of_memo(text: _Text, file: str, line: int) -> Definition | None:
    """Return the place of the decorator that memoises the function which begins on a line: the first of several."""
    for name, node in _functions(text.source.tree):
        first = min([node.lineno, *(item.lineno for item in node.decorator_list)])
        if first <= line <= node.lineno:
            key = f"{text.module.name}:{name}"
            return Definition(file, _decorator(text, node), key, "memo")
    return None


def _decorator(text: _Text, node: ast.FunctionDef | ast.AsyncFunctionDef) -> Span:
    """Return where the first decorator of a function stands, or the name in its head if it has none."""
    span = text.span(node)
    if node.decorator_list:
        end = text.span(node.decorator_list[0])
        return Span(end.line, span.column, end.end_line, end.end_column)
    column = span.column + (len("async def ") if isinstance(node, ast.AsyncFunctionDef) else len("def "))
    return Span(span.line, column, span.line, column + len(node.name))


def _of_call(holder: GrowingHolder, path: str, line: int) -> Definition:
    file = os.path.abspath(path)
    text = _read(file)
    name = module_name(file)[1]
    kind = "standard" if holder.container_kind in {"dict", "list", "set", "deque"} else holder.container_kind
    if text is None:
        return Definition(file, Span(line, 1, line, 1), f"{name}:{holder.stores[0].function}", kind)
    calls = (node for node in ast.walk(text.source.tree) if isinstance(node, ast.Call) and _lines(node, line))
    spans = sorted(map(text.span, calls))
    span = spans[0] if spans and kind != "standard" else _statement(text, line)
    return Definition(file, span, f"{name}:{function_at(text.source.tree, line)}", kind)


def _lines(node: ast.expr | ast.stmt, line: int) -> bool:
    return node.lineno <= line <= (node.end_lineno or node.lineno)


def function_at(tree: ast.Module, line: int) -> str:
    """Return the qualified name of the innermost function around a line, empty for none."""
    around = [(node.lineno, name) for name, node in _functions(tree) if _lines(node, line)]
    return max(around, default=(0, ""))[1]


def _functions(tree: ast.Module) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    """Yield each function with its qualified name."""
    pending: list[tuple[str, ast.AST]] = [("", tree)]
    while pending:
        prefix, above = pending.pop()
        for node in ast.iter_child_nodes(above):
            inner = prefix
            if isinstance(node, _FUNCTIONS):
                yield f"{prefix}{node.name}", node
                inner = f"{prefix}{node.name}.<locals>."
            elif isinstance(node, ast.ClassDef):
                inner = f"{prefix}{node.name}."
            pending.append((inner, node))


def _statement(text: _Text, line: int) -> Span:
    """Return the span of the innermost statement on a line, of a compound one its first line."""
    around = [node for node in ast.walk(text.source.tree) if isinstance(node, ast.stmt) and _lines(node, line)]
    if not around:
        return Span(line, 1, line, 1)
    span = text.span(max(around, key=lambda node: (node.lineno, node.col_offset)))
    return span if span.line == span.end_line else Span(span.line, span.column, span.line, span.column + 1)


def _read(file: str) -> _Text | None:
    try:
        source, name = Source.read(file), module_name(file)[1]
        with deep_recursion():
            return _Text(source, read_flow(source.tree, name, source.path, file.endswith("__init__.py")))
    except (SourceError, RecursionError):
        return None
