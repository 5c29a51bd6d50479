"""Rebuilds a table every ten calls, in sizes that differ."""

# rounds: 60
# kind: table, replaced now and then

from __future__ import annotations

import itertools

TABLE: dict[int, list[int]] = {}
_calls = itertools.count()
_sizes = itertools.cycle([50, 80, 60])


def work() -> None:
    global TABLE
    if next(_calls) % 10 == 0:
        TABLE = {number: [number] * 3 for number in range(next(_sizes))}
    assert TABLE[0] == [0, 0, 0]
