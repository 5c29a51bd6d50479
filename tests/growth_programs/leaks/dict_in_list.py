"""Spreads entries over the shards of a table."""

# holder: SHARDS
# kind: dict in a list
# what: dict|str

from __future__ import annotations

import uuid

SHARDS = [{} for _ in range(4)]  # holder here


def put(key: uuid.UUID, value: str) -> None:
    SHARDS[key.int % len(SHARDS)][key.hex] = {"value": value}  # stores


def work() -> None:
    put(uuid.uuid4(), "blue")
