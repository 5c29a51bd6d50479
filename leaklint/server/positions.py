"""Lines and columns as the language server protocol counts them: from 0, and in the units that the client chose."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from pygls.workspace import PositionCodec

from leaklint.suppress import physical_lines

UTF8, UTF16, UTF32 = "utf-8", "utf-16", "utf-32"


@dataclass(frozen=True, slots=True)
class Document:
    """A document and the unit of its columns: ``utf-8`` (bytes), ``utf-16`` (code units) or ``utf-32`` (characters).

    Lines end at ``\\n``, ``\\r\\n`` and ``\\r``, as in the protocol and in the findings; nowhere else.
    """

    text: str
    unit: str = UTF16

    def lines(self) -> list[str]:
        """Return the lines without their ends; there is always a last one, perhaps empty."""
        return physical_lines(self.text)

    def place(self, line: int, column: int) -> tuple[int, int]:
        """Return (line from 0, column in units) of a finding's line and column; what lies outside is moved inside."""
        lines = self.lines()
        index = min(max(line, 1), len(lines)) - 1
        return index, width(lines[index][: max(column, 1) - 1], self.unit)


def width(text: str, unit: str) -> int:
    """Return the length of ``text`` in units."""
    return int(PositionCodec(unit).client_num_units(text))


@dataclass(frozen=True, slots=True)
class Replacement:
    """Replace everything from ``start`` to ``end`` (line from 0, column in units) by ``text``."""

    start: tuple[int, int]
    end: tuple[int, int]
    text: str


def replacements(before: Document, after: str) -> Iterator[Replacement]:
    """Yield what turns ``before`` into ``after``, whole lines at a time, from the top, none touching another."""
    old, new = _lines(before.text), _lines(after)
    for kind, first, last, start, end in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind != "equal":
            yield Replacement(_start(old, first, before), _start(old, last, before), "".join(new[start:end]))


def _lines(text: str) -> list[str]:
    """Return the lines with their ends."""
    rows: list[str] = []
    here = 0
    for line in physical_lines(text):
        stop = here + len(line)
        stop += 2 if text.startswith("\r\n", stop) else 1 if stop < len(text) else 0
        if stop > here:
            rows.append(text[here:stop])
        here = stop
    return rows


def _start(rows: Sequence[str], index: int, text: Document) -> tuple[int, int]:
    """Return where line ``index`` starts; behind the last one that is the end of the text."""
    if index < len(rows) or not rows or rows[-1].endswith(("\n", "\r")):
        return index, 0
    return len(rows) - 1, width(rows[-1], text.unit)
