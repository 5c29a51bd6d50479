"""Loads rows as objects, of which there is one for each row in a session."""

# holder: identity_map
# kind: dict in an attribute, keyed by class and number
# what: Customer

from __future__ import annotations

import itertools
from typing import Any


class Customer:
    def __init__(self, key: int) -> None:
        self.key = key
        self.name = f"customer {key}"


class UnitOfWork:
    def __init__(self) -> None:
        self.identity_map: dict[tuple[type, int], Any] = {}  # holder here

    def load(self, kind: type, key: int) -> Any:
        entry = self.identity_map.get((kind, key))
        if entry is None:
            entry = self.identity_map[kind, key] = kind(key)  # stores
        return entry


UNIT = UnitOfWork()
_keys = itertools.count(1)


def work() -> None:
    key = next(_keys)
    assert UNIT.load(Customer, key) is UNIT.load(Customer, key)
