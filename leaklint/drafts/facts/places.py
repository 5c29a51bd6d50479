"""Where nodes of the ast stand in the text: lines and columns in characters, and the text itself."""

from __future__ import annotations

import ast
import re
from bisect import bisect_right

from leaklint.drafts.facts.model import Span
from leaklint.source import Source

Located = ast.expr | ast.stmt | ast.arg
_GAP = r"(?:[ \t\f]|\\(?:\r\n|\r|\n))+"
_BEFORE_NAME = re.compile(rf"(?:async{_GAP})?(?:def|class){_GAP}")


class Places:
    """Spans and texts of the nodes of one file. The ast counts columns in bytes of UTF-8, spans in characters."""

    def __init__(self, source: Source) -> None:
        self.text = source.text
        self._starts = source.line_starts
        self._ascii = source.text.isascii()

    def span(self, node: Located, end: Located | None = None) -> Span:
        """Return where ``node`` starts and where it (or ``end``) ends."""
        last = node if end is None else end
        first, until = node.lineno, last.end_lineno or last.lineno
        columns = node.col_offset, last.end_col_offset or 0
        if not self._ascii:
            columns = self._characters(first, columns[0]), self._characters(until, columns[1])
        return Span(first, columns[0] + 1, until, columns[1] + 1)

    def named(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> Span:
        """Return where the name in the head of a definition stands."""
        span = self.span(node)
        start = self._offset(span.line, span.column)
        found = _BEFORE_NAME.match(self.text, start)
        start = found.end() if found is not None else start
        return self._stretch(start, start + len(node.name))

    def decorator(self, node: ast.expr) -> Span:
        """Return where a decorator stands, its ``@`` included."""
        span = self.span(node)
        at = self.text.rfind("@", 0, self._offset(span.line, span.column))
        begin = self._stretch(max(at, 0), max(at, 0))
        return Span(begin.line, begin.column, span.end_line, span.end_column)

    def code(self, node: Located) -> str:
        """Return the text of ``node``, without parentheses of its own."""
        span = self.span(node)
        return self.text[self._offset(span.line, span.column) : self._offset(span.end_line, span.end_column)]

    def _offset(self, line: int, column: int) -> int:
        return self._starts[min(line, len(self._starts)) - 1] + column - 1

    def _stretch(self, start: int, end: int) -> Span:
        line = bisect_right(self._starts, start)
        column = start - self._starts[line - 1] + 1
        return Span(line, column, line, column + end - start)

    def _characters(self, line: int, size: int) -> int:
        """Return how many characters of a line its first ``size`` bytes are."""
        start = self._starts[min(line, len(self._starts)) - 1]
        part = self.text[start : start + size]
        if part.isascii():
            return size
        return len(part.encode("utf-8", "surrogatepass")[:size].decode("utf-8", "replace"))
