"""What is reached step by step: from functions to their callers, to what they call, to what is handed in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import count
from typing import TypeVar

T = TypeVar("T")


def layers(start: Iterable[T], step: Callable[[T], Iterable[T]], most: int | None = None) -> Iterator[set[T]]:
    """Yield a start, then what is one step away from it, then two: each item in the nearest layer, as far as ``most`` steps."""
    nearest = set(start)
    seen = set(nearest)
    for steps in count():
        if not nearest:
            return
        yield nearest
        if steps == most:
            return
        nearest = {after for before in nearest for after in step(before)} - seen
        seen |= nearest


def reached(start: Iterable[T], step: Callable[[T], Iterable[T]], most: int | None = None) -> set[T]:
    """Return a start, and all that is reached from it by steps, as far as ``most`` of them."""
    return set().union(*layers(start, step, most))
