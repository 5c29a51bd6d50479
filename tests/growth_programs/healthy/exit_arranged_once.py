"""Takes care that what the program stored is flushed at the end, however often that is arranged."""

# kind: atexit, registered once

from __future__ import annotations

import atexit

ROWS: list[int] = []
_arranged = False


def arrange_flush() -> None:
    global _arranged
    if not _arranged:
        atexit.register(ROWS.clear)
        _arranged = True


def work() -> None:
    arrange_flush()
    ROWS[:] = range(10)
