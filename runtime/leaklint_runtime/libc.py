"""The C library's heap: give back what it hoards, and ask what of it is in use (glibc; nothing happens elsewhere)."""

from __future__ import annotations

import sys
from typing import Any

from .early import optional

ctypes = optional("ctypes")


def _library() -> Any:
    if ctypes is None or not sys.platform.startswith("linux"):
        return None
    try:
        found = ctypes.CDLL(None)
        return found if hasattr(found, "malloc_trim") else None
    except OSError:
        return None


def _statistics_of(library: Any) -> bool:
    """Declare what the library's ``mallinfo2`` returns; False where it has none (glibc before 2.33)."""
    if library is None or not hasattr(library, "mallinfo2"):
        return False
    names = "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost"
    fields = [(name, ctypes.c_size_t) for name in names.split()]
    library.mallinfo2.restype = type("mallinfo2", (ctypes.Structure,), {"_fields_": fields})
    return True


_LIBC = _library()
_TELLS = _statistics_of(_LIBC)


def can_trim() -> bool:
    """Tell whether the C library can be asked to give memory back."""
    return _LIBC is not None


def trim() -> None:
    """Ask the C library to return free memory. Its answer says nothing: only the process figure tells what it did."""
    if _LIBC is not None:
        _LIBC.malloc_trim(ctypes.c_size_t(0))


def in_use() -> int | None:
    """Return the bytes that ``malloc`` has handed out and not got back; None where that cannot be asked (glibc 2.33)."""
    if not _TELLS:
        return None
    found = _LIBC.mallinfo2()
    return int(found.uordblks) + int(found.hblkhd)
