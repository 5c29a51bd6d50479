"""Counts the letters of the texts that are sent."""

# kind: Counter with fixed keys

from __future__ import annotations

from collections import Counter

LETTERS: Counter[str] = Counter()


def work() -> None:
    LETTERS.update("the quick brown fox jumps over the lazy dog")
    assert LETTERS.most_common(1)[0][0] == " "
