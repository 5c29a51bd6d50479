"""Reuses buffers from a pool."""

# kind: pool

from __future__ import annotations

import contextlib
from collections.abc import Iterator

POOL: list[bytearray] = []


@contextlib.contextmanager
def buffer(size: int = 4096) -> Iterator[bytearray]:
    area = POOL.pop() if POOL else bytearray(size)
    try:
        yield area
    finally:
        POOL.append(area)


def work() -> None:
    with buffer() as first, buffer() as second:
        first[0] = second[0] = 1
