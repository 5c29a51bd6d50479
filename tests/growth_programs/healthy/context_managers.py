"""Notes who is inside of a section while somebody is."""

# kind: context manager

from __future__ import annotations

import contextlib
from collections.abc import Iterator

INSIDE: list[str] = []


@contextlib.contextmanager
def section(name: str) -> Iterator[None]:
    INSIDE.append(name)
    try:
        yield
    finally:
        INSIDE.pop()


def work() -> None:
    with section("outer"), section("inner"):
        assert INSIDE == ["outer", "inner"]
