"""Searches with patterns that differ from call to call."""

# rounds: 120
# kind: cache of the re module

from __future__ import annotations

import itertools
import re

_numbers = itertools.count()


def work() -> None:
    for _ in range(8):
        number = next(_numbers)
        assert re.compile(rf"item-{number:06d}\b").search(f"item-{number:06d}")
