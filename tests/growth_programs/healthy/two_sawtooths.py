"""Collects lines and words, which are saved at different times."""

# rounds: 60
# kind: two sawtooths of different periods

from __future__ import annotations

import itertools

LINES: list[str] = []
LETTERS: dict[str, list[int]] = {}
_calls = itertools.count(1)


def work() -> None:
    call = next(_calls)
    LINES.append(f"line {call} of the text")
    LETTERS[f"word {call}"] = [call, call * 2]
    if len(LINES) == 5:
        del LINES[:]
    if len(LETTERS) > 10:
        LETTERS.clear()
