"""Builds a table on the first call and uses it from then on."""

# kind: lazily made object

from __future__ import annotations


class CharacterTable:
    def __init__(self) -> None:
        self.names = {number: f"character {number}" for number in range(500)}


_table: CharacterTable | None = None


def table() -> CharacterTable:
    global _table
    if _table is None:
        _table = CharacterTable()
    return _table


def work() -> None:
    assert table().names[65] == "character 65"
