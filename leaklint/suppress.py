"""``# noqa`` comments: which findings they hide, and which of them hide nothing.

The forms are flake8's: ``# noqa`` hides all, ``# noqa: LK101`` one code, ``# noqa: LK1`` what begins so, several codes
stand with commas or spaces, and anything after them is a reason (``# noqa: E501,LK101 -- one a tenant``). A line
of its own ``# flake8: noqa`` hides all of a file, ``# flake8: noqa: LK101`` that code. Unlike in flake8, which searches
the line's text, only comments count: the same characters inside a string hide nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from leaklint.model import Finding
from leaklint.records import dataclass, replace

if TYPE_CHECKING:
    import tokenize

_CODES = r"(?P<codes>[A-Z]+[0-9]+(?:[,\s]+[A-Z]+[0-9]+)*|LK(?![A-Z0-9]))"
_INLINE = rf"# noqa(?::\s?{_CODES})?"
_WHOLE_FILE = rf"# flake8[:=]\s*noqa(?::\s?{_CODES})?"


@dataclass(frozen=True, slots=True)
class Comment:
    """One suppression: ``codes`` it names (none for all), and the lines ``first`` to ``last`` that it covers.

    ``line`` and ``column`` say where the comment stands, from 1.
    """

    line: int
    column: int
    text: str
    codes: tuple[str, ...]
    first: int
    last: int

    def hides(self, finding: Finding) -> bool:
        """Tell whether this comment covers one of the finding's lines and its code."""
        if self.last < finding.line or self.first > max(finding.end_line, finding.line):
            return False
        return not self.codes or finding.code.upper().startswith(self.codes)


def unsuppressed(findings: Iterable[Finding], lines: Sequence[str]) -> tuple[Finding, ...]:
    """Return those of one file's findings that no comment hides; the file is read for comments once."""
    found = tuple(findings)
    written = comments(lines) if found else ()
    return tuple(finding for finding in found if not any(comment.hides(finding) for comment in written))


def unused(findings: Iterable[Finding], lines: Sequence[str]) -> tuple[Comment, ...]:
    """Return the comments with ``LK`` codes that hide none of one file's findings, with those codes alone.

    ``findings`` are all of the file's, taken with noqa off; codes of other tools and bare ``# noqa`` are not judged.
    """
    found = tuple(findings)
    idle = []
    for comment in comments(lines):
        own = [code for code in comment.codes if code.startswith("LK")]
        codes = tuple(code for code in own if not any(replace(comment, codes=(code,)).hides(item) for item in found))
        if codes:
            idle.append(replace(comment, codes=codes))
    return tuple(idle)


def physical_lines(text: str) -> list[str]:
    """Split at the line ends Python knows, and drop them; ``str.splitlines`` also splits at form feeds and others."""
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def comments(lines: Sequence[str]) -> tuple[Comment, ...]:
    """Return the suppressing comments of a file in order.

    A comment covers its own line and, as in flake8, the lines that a backslash or a string over several lines joins to
    it. Tokens are only read where the word occurs at all; a file that cannot be tokenized is read line by line.
    """
    if not any("noqa" in line.lower() for line in lines):
        return ()
    import tokenize

    ended = [line if line.endswith("\n") else line + "\n" for line in lines]
    found: list[Comment] = []
    try:
        for token, first, last in _joined(ended):
            found += _read(token.string, token.start, first, last, len(lines), alone=_stands_alone(token))
    except (tokenize.TokenError, SyntaxError):
        for number, line in enumerate(ended, start=1):
            found += _read(line, (number, 0), number, number, len(lines), alone=line.lstrip().startswith("#"))
    return tuple(found)


def _joined(lines: Sequence[str]) -> Iterator[tuple[tokenize.TokenInfo, int, int]]:
    """Yield each comment token with the first and last physical line that the newline after it ends."""
    import tokenize

    pending: list[tokenize.TokenInfo] = []
    first, last = 0, 0
    for token in tokenize.generate_tokens(iter([*lines, ""]).__next__):
        if token.type in (tokenize.ENDMARKER, tokenize.DEDENT):
            continue
        first, last = min(first or token.start[0], token.start[0]), max(last, token.end[0])
        if token.type == tokenize.COMMENT:
            pending.append(token)
        elif token.type in (tokenize.NL, tokenize.NEWLINE):
            yield from ((comment, first, last) for comment in pending)
            pending, first, last = [], 0, 0


def _stands_alone(token: tokenize.TokenInfo) -> bool:
    return not token.line[: token.start[1]].strip()


def _read(text: str, start: tuple[int, int], first: int, last: int, length: int, alone: bool) -> Iterator[Comment]:
    whole = re.match(_WHOLE_FILE, text.lstrip(), re.IGNORECASE) if alone else None
    if whole:
        yield Comment(start[0], start[1] + 1, text.strip(), _codes(whole), 1, max(length, 1))
        return
    match = re.search(_INLINE, text, re.IGNORECASE)
    if match:
        yield Comment(start[0], start[1] + match.start() + 1, match[0].strip(), _codes(match), first, last)


def _codes(match: re.Match[str]) -> tuple[str, ...]:
    return tuple(code.upper() for code in re.split(r"[,\s]+", match["codes"] or "") if code)
