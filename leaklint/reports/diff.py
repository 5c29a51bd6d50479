"""A change of one file as a unified diff."""

from __future__ import annotations

import difflib
import re

from leaklint.reports.escape import visible
from leaklint.reports.style import Style

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
_COLORS = {"+": "32", "-": "31", "@": "36"}


def unified(path: str, before: str, after: str, style: Style, *, legible: bool = False) -> str:
    """Return what turns ``before`` into ``after`` in the form that ``patch`` and git read; empty if nothing changes.

    Lines end where Python says they end; a carriage return stays part of its line. ``legible`` is for people to look at:
    what would act on a terminal is spelled out.
    """
    name = path.replace("\\", "/").lstrip("/")
    rows = difflib.unified_diff(_LINE.findall(before), _LINE.findall(after), f"a/{name}", f"b/{name}")
    return "".join(_shown(row, style, legible) for row in rows)


def _shown(row: str, style: Style, legible: bool) -> str:
    text, end = (row[:-1], "\n") if row.endswith("\n") else (row, "\n\\ No newline at end of file\n")
    if legible:
        text = "\t".join(map(visible, text.removesuffix("\r").split("\t")))
    if row.startswith(("--- ", "+++ ")):
        return style.bold(text) + end
    return (style.paint(text, _COLORS[row[0]]) if row[:1] in _COLORS else text) + end
