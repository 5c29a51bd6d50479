"""What libcst is given to work with large files: room for its recursive code generator, and no checks of its own trees."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

DEPTH = 20_000


@contextmanager
def deep_recursion() -> Iterator[None]:
    """Raise the recursion limit; calls from Python to Python take no C stack from 3.11 on, so this is memory alone."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, DEPTH))
    try:
        yield
    finally:
        sys.setrecursionlimit(before)


@contextmanager
def unchecked(node: type[Any]) -> Iterator[None]:
    """Leave out the check that every new ``node`` makes of itself: a quarter of the time that parsing takes.

    It is there for nodes that people put together; a tree that the parser has made is right.
    """
    check = node.__post_init__
    node.__post_init__ = _nothing
    try:
        yield
    finally:
        node.__post_init__ = check


def _nothing(node: object) -> None:
    pass
