"""Counts words in a database in memory."""

# kind: sqlite3 connection, closed

from __future__ import annotations

import contextlib
import sqlite3


def work() -> None:
    with contextlib.closing(sqlite3.connect(":memory:")) as connection:
        connection.create_function("shout", 1, str.upper)
        connection.execute("create table words (word text)")
        connection.executemany("insert into words values (?)", [("a",), ("b",)])
        assert connection.execute("select shout(word) from words order by word").fetchall() == [("A",), ("B",)]
