"""Sorts rows in a database by the rules of a customer."""

# holder: DATABASE
# alone: yes
# kind: collations registered at a sqlite3 connection
# what: method|Collation

from __future__ import annotations

import itertools
import sqlite3


class Collation:
    def __init__(self, reverse: bool) -> None:
        self.sign = -1 if reverse else 1

    def compare(self, first: str, second: str) -> int:
        return self.sign * ((first > second) - (first < second))


class Database:
    def __init__(self) -> None:
        self.connection = sqlite3.connect(":memory:")  # holder here
        self.connection.execute("create table words (word text)")
        self.connection.executemany("insert into words values (?)", [("a",), ("c",), ("b",)])
        self.numbers = itertools.count()

    def sorted(self, reverse: bool) -> list[str]:
        name = f"customer{next(self.numbers)}"
        self.connection.create_collation(name, Collation(reverse).compare)  # stores
        return [word for (word,) in self.connection.execute(f"select word from words order by word collate {name}")]


DATABASE = Database()  # holder here


def work() -> None:
    assert DATABASE.sorted(reverse=True) == ["c", "b", "a"]
