"""Asks a database that stays open for many different things."""

# rounds: 260
# alone: yes
# kind: statement cache of a sqlite3 connection

from __future__ import annotations

import itertools
import sqlite3

DATABASE = sqlite3.connect(":memory:")
_numbers = itertools.count()


def work() -> None:
    number = next(_numbers)
    assert DATABASE.execute(f"select {number} + ?", (1,)).fetchone() == (number + 1,)
