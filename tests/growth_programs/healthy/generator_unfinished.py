"""Takes the first lines of a generator and drops it."""

# kind: generator, left unfinished

from __future__ import annotations

import itertools
from collections.abc import Iterator


def lines() -> Iterator[str]:
    buffer = ["line"] * 1000
    try:
        yield from buffer
    finally:
        buffer.clear()


def work() -> None:
    assert list(itertools.islice(lines(), 3)) == ["line"] * 3
