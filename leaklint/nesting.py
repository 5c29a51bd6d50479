"""Nesting that libcst's parser takes exponential time for, or runs out of stack on, found before it is asked.

It tries the alternatives of a pattern anew at each bracket, and those of a tuple in ``del`` as well: each level doubles
the time or worse, where Python's own parser remembers what it has tried. No limit on time can stop native code. And a chain
of some thousand terms joined by ``or``, which is flat to Python, ends the process.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence

MOST_IN_PATTERN, MOST_IN_DEL, MOST_TERMS = 7, 10, 1000
_MAY = re.compile(r"^[ \t\f]*case\b|\bdel\b[ \t\f\\\r\n]*[\[(]", re.MULTILINE)
_NO_CODE = re.compile(r"\"[^\"\\\n]*\"|'[^'\\\n]*'|#.*")
_GUARD = re.compile(r"\bif\b")  # brackets around a guard begin before it does


def may_nest(text: str) -> bool:
    """Tell whether ``text`` needs a look at its tree."""
    return _MAY.search(text) is not None or text.count("or") + text.count("and") > MOST_TERMS


def too_nested(text: str, tree: ast.Module) -> int:
    """Return the line of a pattern, ``del`` or chain that is nested deeper, or longer, than can be read, or 0."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").encode("utf-8", "surrogatepass").split(b"\n")
    for node in ast.walk(tree):
        if isinstance(node, ast.Delete):
            if _depth(_between(lines, _start(node), _end(node))) > MOST_IN_DEL:
                return node.lineno
        elif isinstance(node, ast.BoolOp):
            if len(node.values) > MOST_TERMS:
                return node.lineno
        elif isinstance(node, ast.Match):
            for start, end in _patterns(node):
                if _depth(_between(lines, start, end)) > MOST_IN_PATTERN:
                    return start[0]
    return 0


_Place = tuple[int, int]  # line from 1, column in bytes from 0


def _patterns(node: ast.Match) -> Iterator[tuple[_Place, _Place]]:
    """Yield where each ``case`` and its pattern stand, with brackets around the pattern, which the tree does not show."""
    before = _end(node.subject)
    for case in node.cases:
        yield (before[0] + 1, 0), _start(case.guard or case.body[0])
        before = _end(case.body[-1])


def _start(node: ast.stmt | ast.expr) -> _Place:
    return node.lineno, node.col_offset


def _end(node: ast.stmt | ast.expr) -> _Place:
    return node.end_lineno or node.lineno, node.end_col_offset or 0


def _between(lines: Sequence[bytes], start: _Place, end: _Place) -> str:
    part = list(lines[start[0] - 1 : end[0]])
    part[-1] = part[-1][: end[1]]
    part[0] = part[0][start[1] :]
    return b"\n".join(part).decode("utf-8", "replace")


def _depth(text: str) -> int:
    """Return how deep brackets nest, those in short strings and comments left out."""
    depth = most = 0
    for bracket in _GUARD.split(_NO_CODE.sub("", text), maxsplit=1)[0]:
        if bracket in "[({":
            depth += 1
            most = max(most, depth)
        elif bracket in "])}":
            depth -= 1
    return most
