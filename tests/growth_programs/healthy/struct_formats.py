"""Packs records of varying length."""

# rounds: 120
# kind: cache of the struct module

from __future__ import annotations

import itertools
import struct

_lengths = itertools.count(1)


def work() -> None:
    for _ in range(3):
        length = next(_lengths) % 500
        assert len(struct.pack(f">{length}sI", b"x" * length, length)) == length + 4
