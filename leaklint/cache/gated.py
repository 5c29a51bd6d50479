"""Whether the gate admits a text: flake8 asks that of every file in every run, and most are as they were.

One file of marks, one a line, to which every process appends. A line that a killed process or a full disk has cut short is
no mark of any text, so nothing has to be put right.
"""

from __future__ import annotations

import os
from contextlib import suppress

from leaklint.cache.folder import Folder
from leaklint.cache.keys import check_of, tool_key

KIND = "gated"
_MOST = 8_000_000  # bytes, a quarter of a million texts
_ADMITS, _NOT = b"+", b"-"
# A link or a pipe that lies in the place of the file is not written to.
_APPEND = os.O_WRONLY | os.O_APPEND | os.O_CREAT
_APPEND |= getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


class Gated:
    """The marks in a cache folder, read once. Nothing here raises for the state of the folder."""

    def __init__(self, folder: Folder, most_bytes: int = _MOST) -> None:
        """Read the marks in ``folder``; a file that has become larger than it may be is begun anew."""
        self._folder = folder
        self._file = os.path.join(folder.path, tool_key(), KIND)
        self._marks = self._read(most_bytes)
        self._writable = True

    def admits(self, text: str) -> bool | None:
        """Return what the gate has said of ``text``, in this run or another, or None."""
        mark = _mark(text)
        return False if mark + _NOT in self._marks else True if mark + _ADMITS in self._marks else None

    def keep(self, text: str, admits: bool) -> None:
        """Remember what the gate says of ``text``, if the folder can be written; after a failure nothing more is tried."""
        if not self._writable:
            return
        line = _mark(text) + (_ADMITS if admits else _NOT)
        try:
            self._folder.prepare(os.path.dirname(self._file))
            file = os.open(self._file, _APPEND, 0o666)
            try:
                os.write(file, line + b"\n")  # at once: the lines of several processes stay apart
            finally:
                os.close(file)
        except OSError:
            self._writable = False

    def _read(self, most_bytes: int) -> frozenset[bytes]:
        try:
            with open(self._file, "rb") as stream:
                data = stream.read(most_bytes + 1)
        except OSError:
            return frozenset()
        if len(data) > most_bytes:
            with suppress(OSError):
                os.unlink(self._file)
        return frozenset(data.split(b"\n"))


def _mark(text: str) -> bytes:
    """Return 32 hex digits that stand for a text under this very leaklint: marks from elsewhere are of no text."""
    return check_of(KIND, tool_key(), text.encode("utf-8", "surrogatepass")).hex().encode("ascii")
