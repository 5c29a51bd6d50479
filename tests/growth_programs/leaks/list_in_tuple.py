"""Collects errors and remarks of a compiler in a pair of lists."""

# holder: MESSAGES
# kind: list in a tuple
# what: str

from __future__ import annotations

import itertools

MESSAGES: tuple[list[str], list[str]] = ([], [])  # holder here
_lines = itertools.count(1)


def remark(line: int, text: str, error: bool = False) -> None:
    errors, remarks = MESSAGES
    (errors if error else remarks).append(f"line {line}: {text}")  # stores


def work() -> None:
    remark(next(_lines), "unused name")
