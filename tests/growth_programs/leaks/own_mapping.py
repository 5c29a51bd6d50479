"""Stores values under keys in a mapping of its own that remembers when each was written."""

# holder: STORE
# kind: MutableMapping
# what: tuple

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator, MutableMapping


class StampedMapping(MutableMapping):
    def __init__(self) -> None:
        self._data: dict[str, tuple[float, object]] = {}  # holder here

    def __getitem__(self, key: str) -> object:
        return self._data[key][1]

    def __setitem__(self, key: str, value: object) -> None:
        self._data[key] = (time.time(), value)  # stores

    def __delitem__(self, key: str) -> None:
        del self._data[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._data)

    def __len__(self) -> int:
        return len(self._data)


STORE = StampedMapping()  # holder here


def work() -> None:
    key = str(uuid.uuid4())
    STORE[key] = {"state": "new"}
    assert STORE[key] == {"state": "new"}
