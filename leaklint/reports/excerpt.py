"""Source lines with marks under what is meant."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence

from leaklint.records import dataclass
from leaklint.reports.escape import visible
from leaklint.reports.style import Style

TAB = "    "
_NAME = re.compile(r"[\w.]+")
MOST = 160  # columns of a source line that are shown


@dataclass(frozen=True, slots=True)
class Mark:
    """What to underline on one line, and what to say there.

    It reaches from ``column`` (from 1) up to ``end`` (exclusive); an ``end`` of 0 means the dotted name that begins
    there.
    """

    line: int
    column: int
    end: int = 0
    label: str = ""
    primary: bool = False


def excerpt(marks: Sequence[Mark], lines: Sequence[str], style: Style) -> tuple[str, ...]:
    """Return the marked lines of a file with a gutter, in order, the enclosing ``class`` or ``def`` line before them.

    Marks beyond the file are told by their label alone. Gaps between lines that do not follow each other are dots.
    """
    shown = sorted({mark.line for mark in marks if mark.line <= len(lines)} | set(_headers(marks, lines)))
    width = len(str(max(shown, default=0)))
    rows: list[str] = []
    for number, before in zip(shown, [0, *shown], strict=False):
        if before and number > before + 1:
            rows.append(style.dim(f"{'...':>{width + 2}}"))
        rows.append(f"{style.dim(f'{number:>{width}} |')} {plain(lines[number - 1])}".rstrip())
        gutter = style.dim(" " * width + " |")
        here = sorted((mark for mark in marks if mark.line == number), key=lambda mark: mark.column)
        rows += [f"{gutter} {_underline(mark, lines[number - 1], style)}" for mark in here]
    return tuple(rows)


def plain(line: str) -> str:
    """Return a physical line as it can be shown: no line end, tabs as spaces, nothing that moves the cursor."""
    text = line.rstrip("\r\n")
    spelled = TAB.join(visible(part) for part in text.split("\t"))
    return spelled if len(spelled) <= MOST else spelled[: MOST - 3] + "..."


def columns(text: str) -> int:
    """Return how many terminal columns ``text`` takes: two for wide characters, none for combining ones."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(character) else 1 + (unicodedata.east_asian_width(character) in "WF")
        for character in text
    )


def _underline(mark: Mark, line: str, style: Style) -> str:
    text = line.rstrip("\r\n")
    start, end = mark.column - 1, mark.end - 1
    if not mark.end:
        name = _NAME.match(text, start)
        end = name.end() if name else mark.column
    end = min(max(end, mark.column), max(len(text), mark.column))
    indent = min(columns(plain(text[:start])), MOST - 3)
    length = max(min(columns(plain(text[start:end])), MOST - indent), 1)
    label = f" {visible(mark.label)}" if mark.label else ""
    paint = style.code if mark.primary else style.note
    return " " * indent + paint("^" * length + label)


def _headers(marks: Sequence[Mark], lines: Sequence[str]) -> Iterator[int]:
    """Yield the line of the ``class`` or ``def`` nearest above each mark that is indented less than it."""
    for mark in marks:
        if mark.line > len(lines):
            continue
        depth = _depth(lines[mark.line - 1])
        for number in range(mark.line - 1, 0, -1):
            line = lines[number - 1]
            if depth and _depth(line) < depth and re.match(r"\s*(class|(async\s+)?def)\b", line):
                yield number
                break


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip())
