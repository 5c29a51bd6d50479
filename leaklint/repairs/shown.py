"""Examples in the documentation that speak of a container: doctests are run, and show what a weak container is not."""

from __future__ import annotations

import ast
import doctest
import re
from collections.abc import Iterator
from contextlib import suppress

from leaklint.model import Fix
from leaklint.records import replace
from leaklint.repairs.holders import HolderDefinition
from leaklint.repairs.program import Program

_EXAMPLE = re.compile(r"^[ \t]*>>> ", re.MULTILINE)
_SAME = frozenset({"len", "bool", "sorted", "any", "all", "sum", "min", "max"})  # give the same for a weak container
_SHOWING = frozenset({"keys", "values", "items"})
_parser = doctest.DocTestParser()


def qualified(program: Program, holder: HolderDefinition, fix: Fix) -> Fix:
    """Return the repair of a container as the examples in docstrings allow it.

    An example that shows the container itself, or compares it, forbids the repair; any other one has to keep what it looks
    up, which is assumed.
    """
    if fix.safety == "none":
        return fix
    name = holder.word
    assumed = ""
    for place, tree in _examples(program, name):
        how = _speaks(tree, name)
        if how == "shown":
            return Fix(
                "none", fix.replacement, f"the example at {place} shows the container, and a weak one looks another way"
            )
        assumed = assumed or (f"that the example at {place} keeps the objects that it looks up" if how else "")
    if not assumed:
        return fix
    text = fix.reason.removeprefix("assumes ")
    reason = f"assumes {assumed} and {text}" if fix.safety == "unsafe" else f"assumes {assumed}; {text}"
    return replace(fix, safety="unsafe", reason=reason)


def _examples(program: Program, name: str) -> Iterator[tuple[str, ast.Module]]:
    """Yield the examples of all files that have the word, each with its place."""
    for module in program.saying(name):
        source = program.source(module)
        if not _EXAMPLE.search(source.text):
            continue
        for line, docstring in _docstrings(source.tree):
            for place, code in _commands(docstring, name):
                yield f"{source.path}:{line + place}", code


def _docstrings(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield the docstrings of a file, each with the line that it starts on."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)) and node.body:
            first = node.body[0]
            value = first.value if isinstance(first, ast.Expr) else None
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                yield value.lineno, value.value


def _commands(docstring: str, name: str) -> Iterator[tuple[int, ast.Module]]:
    """Yield the commands of the examples in a text that have the word, each with its line in the text, from 0."""
    try:
        found = _parser.get_examples(docstring)
    except ValueError:
        return
    for example in found:
        if name in example.source:
            with suppress(SyntaxError):
                yield example.lineno, ast.parse(example.source)


def _speaks(tree: ast.Module, name: str) -> str:
    """Return ``shown`` where an example shows or compares the container as a whole, ``used`` where it only uses it."""
    parents = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
    found = ""
    for node in ast.walk(tree):
        if (isinstance(node, ast.Attribute) and node.attr == name) or (isinstance(node, ast.Name) and node.id == name):
            if _is_shown(node, parents):
                return "shown"
            found = "used"
    return found


def _is_shown(node: ast.AST, parents: dict[ast.AST, ast.AST]) -> bool:
    above = parents.get(node)
    if isinstance(above, ast.Attribute):
        call = parents.get(above)
        viewed = above.attr in _SHOWING and isinstance(call, ast.Call)
        return viewed and call is not None and _is_shown(call, parents)
    if isinstance(above, ast.Call) and node in above.args:
        return not (isinstance(above.func, ast.Name) and above.func.id in _SAME)
    if isinstance(above, ast.Compare):
        return not all(isinstance(way, (ast.In, ast.NotIn, ast.Is, ast.IsNot)) for way in above.ops)
    return isinstance(above, (ast.Expr, ast.FormattedValue, ast.BinOp, ast.Tuple, ast.List, ast.Dict))
