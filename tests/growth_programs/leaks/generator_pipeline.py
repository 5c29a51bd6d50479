"""Reads numbers through a pipeline of generators that drops repeated ones."""

# holder: PIPELINE|before
# kind: local of a generator inside a generator
# what: str

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator


def numbered(prefix: str) -> Iterator[str]:
    for number in itertools.count():
        yield f"{prefix}{number // 2}"


def distinct(lines: Iterable[str]) -> Iterator[str]:
    before = set()  # holder here
    for line in lines:
        if line not in before:
            before.add(line)  # stores
            yield line


def shouted(lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        yield line.upper()


PIPELINE = shouted(distinct(numbered("line ")))  # holder here


def work() -> None:
    next(PIPELINE)
