"""Hands buffers of varying size to C code by pointers of their own type."""

# holder: _pointer_type_cache
# kind: ctypes caches
# what: type

from __future__ import annotations

import ctypes
import itertools

_sizes = itertools.count(8)


def checksum(payload: bytes) -> int:
    class Packet(ctypes.Structure):
        _fields_ = [("length", ctypes.c_uint32), ("data", ctypes.c_char * len(payload))]

    packet = Packet(len(payload), payload)
    pointer = ctypes.cast(ctypes.byref(packet), ctypes.POINTER(Packet))  # stores
    return pointer.contents.length


def work() -> None:
    size = next(_sizes)
    assert checksum(b"x" * size) == size
