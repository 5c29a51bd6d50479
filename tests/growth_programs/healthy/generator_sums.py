"""Adds numbers up through generators."""

# kind: generators

from __future__ import annotations

from collections.abc import Iterable, Iterator


def squares(numbers: Iterable[int]) -> Iterator[int]:
    for number in numbers:
        yield number * number


def running(numbers: Iterable[int]) -> Iterator[int]:
    total = 0
    for number in numbers:
        total += number
        yield total


def work() -> None:
    assert list(running(squares(range(100))))[-1] == 328350
