"""How many bytes the interpreter's allocators have given out, and garbage that is collected until none is left."""

from __future__ import annotations

import sys
from typing import Any

from . import early, libc, pymalloc

_clear_method_cache: Any = getattr(sys, "_clear_type_cache", None)


def in_use() -> int | None:
    """Return the bytes that are in use, to the byte; None where the allocators cannot be asked.

    The interpreter's cache of methods is cleared before: it keeps the names that were looked up, up to 4,096 of them.
    """
    if _clear_method_cache is not None:
        _clear_method_cache()
    small, large = pymalloc.arenas(), libc.in_use()
    return None if small is None or large is None else small.used + large


def collected() -> int:
    """Collect until nothing more is found; return the number of objects that were unreachable."""
    found = 0
    for _ in range(4):
        more = early.collect()
        found += more
        if not more:
            break
    return found
