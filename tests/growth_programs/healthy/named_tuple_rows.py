"""Reads rows into named tuples of one class."""

# kind: named tuple, made once

from __future__ import annotations

import collections

Row = collections.namedtuple("Row", ["key", "name"])


def work() -> None:
    rows = [Row(number, f"name {number}") for number in range(50)]
    assert rows[7]._replace(name="x") == Row(7, "x")
