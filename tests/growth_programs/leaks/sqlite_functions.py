"""Evaluates formulas of users inside a database."""

# holder: DATABASE
# alone: yes
# kind: functions registered at a sqlite3 connection
# what: function

from __future__ import annotations

import itertools
import sqlite3

DATABASE = sqlite3.connect(":memory:")  # holder here
_formulas = itertools.count()


def evaluate(factor: float, value: float) -> float:
    name = f"formula_{next(_formulas)}"
    DATABASE.create_function(name, 1, lambda x: x * factor)  # stores
    return DATABASE.execute(f"select {name}(?)", (value,)).fetchone()[0]


def work() -> None:
    assert evaluate(2.0, 21.0) == 42.0
