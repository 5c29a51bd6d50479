"""How far a long run has come, on standard error where that is a terminal."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

_PATIENCE = 2.0  # seconds before anything is shown
_PAUSE = 0.1  # seconds between two updates


class Progress:
    """One line that is written over and over, and wiped at the end."""

    def __init__(self, patience: float = _PATIENCE) -> None:
        """Show nothing before ``patience`` seconds have passed."""
        self._next = time.monotonic() + patience
        self._width = 0

    def tick(self, stage: str, done: int, total: int) -> None:
        """Show that ``done`` of a stage's ``total`` files are done, if it is time."""
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + _PAUSE
        text = f"leaklint: {stage} {done}/{total} files"
        self._write(text)

    def wipe(self) -> None:
        """Take the line away."""
        if self._width:
            self._write("")
            self._width = 0

    def _write(self, text: str) -> None:
        sys.stderr.write("\r" + text.ljust(self._width) + ("" if text else "\r"))
        sys.stderr.flush()
        self._width = max(self._width, len(text))


@contextmanager
def progress(quiet: bool) -> Iterator[Progress | None]:
    """Yield something to tell the progress to, or None where nobody would see it."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    shown = Progress()
    try:
        yield shown
    finally:
        shown.wipe()
