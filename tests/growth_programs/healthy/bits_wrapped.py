"""Marks of the last few thousand numbers in one integer."""

# kind: large integer that is cut

from __future__ import annotations

import itertools

_calls = itertools.count()
MASK = (1 << 3000) - 1
STATE = {"bits": 0}


def work() -> None:
    STATE["bits"] = (STATE["bits"] << 200 | next(_calls)) & MASK
