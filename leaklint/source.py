"""One file: its bytes, its text, its ast, and on first need its libcst module with positions."""

from __future__ import annotations

import ast
import bisect
import os
import re
import stat
from functools import cached_property
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import libcst as cst

    from leaklint.positions import Positions

_LINE_END = r"\r\n|\r|\n"
# ``async`` and ``await`` were names before Python 3.7; a keyword is never followed by these.
_KEYWORD_AS_NAME = r"\b(?:async|await)\b(?=[ \t]*[=,):.\]])"
MAX_BYTES = 20_000_000


class SourceError(Exception):
    """A file that cannot be read or parsed: ``line`` (0 if none) and a message that says the way out."""

    def __init__(self, message: str, line: int = 0) -> None:
        super().__init__(message)
        self.message = message
        self.line = line


class TreeError(SourceError):
    """A file that Python can read and libcst cannot: it has findings, and nothing of it can be rewritten."""


class Span(NamedTuple):
    """A stretch of a file: lines and columns in characters from 1, end exclusive."""

    line: int
    column: int
    end_line: int
    end_column: int


class Source:
    """One file that parses. ``path`` is the path as it is shown; ``text`` keeps the file's own line ends.

    ``module`` and ``span`` load libcst; nothing else does.
    """

    def __init__(self, path: str, text: str, *, encoding: str = "utf-8", bom: bool = False) -> None:
        self.path = path
        self.text = text
        self._parsable = text  # the same length and lines, with names that have become keywords written otherwise
        self.encoding = encoding
        self.bom = bom

    @classmethod
    def read(cls, file: str | os.PathLike[str], path: str | None = None) -> Source:
        """Read ``file``; show it as ``path``. Raises ``SourceError``."""
        return cls.decode(read_bytes(file), os.fspath(file) if path is None else path)

    @classmethod
    def decode(cls, raw: bytes, path: str) -> Source:
        """Decode ``raw`` as Python does (BOM, encoding cookie). Raises ``SourceError``."""
        bom = raw.startswith(b"\xef\xbb\xbf")
        try:
            encoding = _encoding_of(raw)
            text = (raw[3:] if bom else raw).decode("utf-8" if bom else encoding)
        except UnicodeDecodeError as error:
            line = raw.count(b"\n", 0, error.start) + 1
            raise SourceError(
                f"is not valid {error.encoding}; declare its encoding or save it as UTF-8", line
            ) from error
        except (SyntaxError, LookupError, ValueError, ArithmeticError) as error:  # a codec may be any code of Python's
            message = " ".join(str(error).split())
            raise SourceError(
                f"has an unknown or wrong encoding declaration ({message}); save it as UTF-8", 1
            ) from error
        return cls(path, text, encoding="utf-8" if bom else encoding, bom=bom)

    @property
    def digest(self) -> str:
        """Return the SHA-256 of the file's bytes in hex; nothing where its encoding does not lead back to them."""
        try:
            import hashlib

            return hashlib.sha256(self.encode(self.text)).hexdigest()
        except UnicodeError:
            return ""

    def encode(self, text: str) -> bytes:
        """Return the bytes of ``text`` in this file's own encoding and with its byte order mark."""
        return (b"\xef\xbb\xbf" if self.bom else b"") + text.encode(self.encoding.removesuffix("-sig"))

    @cached_property
    def tree(self) -> ast.Module:
        """The ast. Raises ``SourceError`` where Python would raise ``SyntaxError``."""
        try:
            return parse_ast(self.text)
        except SourceError:
            renamed = re.sub(_KEYWORD_AS_NAME, lambda match: match.group().upper(), self.text)
            if renamed == self.text:
                raise
            tree = parse_ast(renamed)
            self._parsable = renamed
            return tree

    @cached_property
    def module(self) -> cst.Module:
        """The libcst module. Raises ``SourceError``: ``TreeError`` where it is libcst that cannot read the file."""
        import libcst

        from leaklint.deep import unchecked
        from leaklint.nesting import may_nest, too_nested

        if re.search(_KEYWORD_AS_NAME, self.text):
            _ = self.tree  # says whether the file is of a Python to which these were names
        line = too_nested(self.text, self.tree) if may_nest(self.text) else 0
        if line:
            raise TreeError(f"{self.path}:{line} is nested too deeply to be rewritten", line)
        try:
            with unchecked(libcst.CSTNode):
                return libcst.parse_module(self._parsable)
        except libcst.ParserSyntaxError as error:
            message = str(error.message).strip().splitlines()[0] if str(error.message).strip() else "syntax error"
            raise TreeError(
                f"{self.path}:{error.raw_line} cannot be parsed by libcst ({message}): rewrite it by hand",
                error.raw_line,
            ) from error
        except RecursionError as error:
            raise TreeError(f"{self.path} is nested too deeply to be rewritten") from error

    @cached_property
    def _positions(self) -> Positions:
        from leaklint.positions import Positions

        try:
            return Positions(self.module)
        except RecursionError as error:
            raise TreeError(f"{self.path} is nested too deeply to be rewritten") from error

    def offsets(self, node: cst.CSTNode) -> tuple[int, int]:
        """Return the offsets in characters at which ``node`` starts and ends, white space around it left out."""
        return self._positions.offsets(node)

    def span(self, node: cst.CSTNode) -> Span:
        """Return where ``node`` stands."""
        start, end = self._positions.offsets(node)
        first, last = self.line_of(start), self.line_of(end)
        return Span(first, start - self.line_starts[first - 1] + 1, last, end - self.line_starts[last - 1] + 1)

    def span_of(self, place: tuple[int, int, int, int]) -> Span:
        """Return a place of the value flow, which counts columns in bytes from 0, as a span."""
        line, column, end_line, end_column = place
        if not self.text.isascii():
            column, end_column = self._characters(line, column), self._characters(end_line, end_column)
        return Span(line, column + 1, end_line, end_column + 1)

    def at(self, place: tuple[int, int, int, int]) -> str:
        """Return the text at a place of the value flow."""
        span = self.span_of(place)
        return self.text[self.offset(span.line, span.column) : self.offset(span.end_line, span.end_column)]

    def place_of(self, node: cst.CSTNode) -> tuple[int, int, int, int]:
        """Return where ``node`` stands as the value flow counts."""
        line, column, end_line, end_column = self.span(node)
        if self.text.isascii():
            return (line, column - 1, end_line, end_column - 1)
        return (line, self._bytes(line, column), end_line, self._bytes(end_line, end_column))

    def _characters(self, line: int, size: int) -> int:
        """Return how many characters of a line its first ``size`` bytes are."""
        start = self.line_starts[min(line, len(self.line_starts)) - 1]
        part = self.text[start : start + size]
        return size if part.isascii() else len(part.encode("utf-8", "surrogatepass")[:size].decode("utf-8", "replace"))

    def _bytes(self, line: int, column: int) -> int:
        """Return how many bytes the characters of a line before a column are."""
        start = self.line_starts[line - 1]
        return len(self.text[start : start + column - 1].encode("utf-8", "surrogatepass"))

    @cached_property
    def line_starts(self) -> list[int]:
        """Offsets in characters at which the lines start."""
        if "\r" in self.text:
            return [0, *(match.end() for match in re.finditer(_LINE_END, self.text))]
        return [*accumulate((len(line) + 1 for line in self.text.split("\n")[:-1]), initial=0)]

    def drop_trees(self) -> None:
        """Forget the trees; they are parsed again when they are asked for."""
        for name in ("tree", "module", "_positions"):
            self.__dict__.pop(name, None)

    def offset(self, line: int, column: int) -> int:
        """Return the offset in characters of a line and column that count from 1."""
        return self.line_starts[line - 1] + column - 1

    def line_of(self, offset: int) -> int:
        """Return the line, from 1, that holds the character at ``offset``."""
        return bisect.bisect_right(self.line_starts, offset)


def _encoding_of(raw: bytes) -> str:
    """Return the encoding that a file declares. Raises what ``tokenize.detect_encoding`` raises."""
    if all(line.isascii() and b"coding" not in line for line in raw.split(b"\n", 2)[:2]):
        return "utf-8"
    import tokenize
    from io import BytesIO

    return tokenize.detect_encoding(BytesIO(raw).readline)[0]


def read_bytes(file: str | os.PathLike[str]) -> bytes:
    """Return the content of ``file``. Raises ``SourceError`` if it cannot be read or is far too large for a program."""
    try:
        with open(file, "rb", opener=_without_waiting) as stream:
            if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
                raise SourceError("is no regular file any more")
            raw = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise SourceError(f"cannot be read: {error.strerror or error}") from error
    if len(raw) > MAX_BYTES:
        raise SourceError(f"is larger than {MAX_BYTES // 1_000_000} MB and was not read; exclude it")
    return raw


def _without_waiting(path: str, flags: int) -> int:
    """Open a file; a pipe that has taken its place since it was looked at is not waited for."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def parse_ast(text: str) -> ast.Module:
    """Parse ``text``. Raises ``SourceError`` with the line for everything that ``ast.parse`` can raise."""
    import warnings

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text)
    except SyntaxError as error:
        raise SourceError(f"syntax error: {error.msg}", error.lineno or 0) from error
    except ValueError as error:
        raise SourceError(f"cannot be parsed: {error}") from error
    except (RecursionError, MemoryError) as error:
        raise SourceError("is nested too deeply for Python's own parser") from error
