"""A file of which some statements cannot be parsed: broken ones, or of a newer Python. The others are read all the same."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from leaklint.source import SourceError, parse_ast

if TYPE_CHECKING:
    import ast

_TRIES = 30  # statements of one file that are left out before the file is given up
_PARSED = 10_000_000  # characters that are parsed for one file altogether
_LONG = 1_000  # characters of a line that is looked into
_LINES = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
_GENERIC = re.compile(r"\s*(?:async\s+def|def|class)\s+\w+\s*(?=\[)")
_CLAUSES = {"except": "except Exception:", "elif": "elif None:", "case": "case None:", "while": "while None:"}
_CLAUSE = re.compile(rf"(\s*)({'|'.join(_CLAUSES)})\b.*:\s*(?:#.*)?")
_CLOSING = (")", "]", "}")
_GOES_ON = (",", "(", "[", "{", "\\")


def recovered(text: str) -> tuple[ast.Module, list[SourceError]]:
    """Return the tree of the statements that can be parsed, and what is wrong with the others.

    Lines keep their numbers. Raises the first ``SourceError`` if no tree comes out after some tries.
    """
    lines = _LINES.findall(text)
    errors: list[SourceError] = []
    while True:
        try:
            return parse_ast("".join(lines)), errors
        except SourceError as error:
            errors.append(error)
            tries = min(_TRIES, _PARSED // len(text))
            if not 0 < error.line <= len(lines) or len(errors) > tries or not _mended(lines, error.line - 1):
                raise errors[0] from None


def _mended(lines: list[str], at: int) -> bool:
    """Change the statement around a line so that it can be parsed: say less of it, or leave it out. Tell whether it changed."""
    while at and (not lines[at].strip() or lines[at].lstrip().startswith(_CLOSING) or _goes_on(lines[at - 1])):
        at -= 1
    plain = "" if len(lines[at]) > _LONG else _without_parameters(lines[at]) or _without_condition(lines[at])
    if plain not in {"", lines[at]}:
        lines[at] = plain
        return True
    before = lines[at:]
    indent = _indent(lines[at])
    end = at + 1
    while end < len(lines) and _belongs(lines[end], indent):
        end += 1
    instead = "" if lines[at].strip() == "pass" else f"{indent}pass"  # it need not be where a statement may stand
    lines[at:end] = [f"{instead}\n", *["\n"] * (end - at - 1)]
    return lines[at:] != before


def _goes_on(line: str) -> bool:
    return line.rstrip().endswith(_GOES_ON)


def _belongs(line: str, indent: str) -> bool:
    """Tell whether a line is part of a statement that begins with some indentation."""
    return not line.strip() or len(_indent(line)) > len(indent) or line.lstrip().startswith(_CLOSING)


def _indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip(" \t"))]


def _without_parameters(line: str) -> str:
    """Return ``def f[T](x):`` without its type parameters; nothing where there are none, or not on one line."""
    head = _GENERIC.match(line)
    if head is None:
        return ""
    depth = 0
    for place in range(head.end(), len(line)):
        depth += (line[place] == "[") - (line[place] == "]")
        if not depth:
            return line[: head.end()] + " " * (place + 1 - head.end()) + line[place + 1 :]
    return ""


def _without_condition(line: str) -> str:
    """Return a clause that catches or tests something plain instead, so that its block and those beside it are read."""
    clause = _CLAUSE.fullmatch(line.rstrip("\r\n"))
    return f"{clause[1]}{_CLAUSES[clause[2]]}\n" if clause is not None else ""
