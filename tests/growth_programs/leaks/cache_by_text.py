"""Normalises addresses and remembers the normal forms."""

# holder: normal
# kind: functools.cache
# min-python: 3.9
# what: str

from __future__ import annotations

import itertools
from functools import cache

_houses = itertools.count(1)


@cache  # holder here
def normal(address: str) -> str:  # holder here
    return " ".join(address.lower().replace(",", " ").split())


def same(first: str, second: str) -> bool:
    return normal(first) == normal(second)  # stores


def work() -> None:
    house = next(_houses)
    assert same(f"Main Street {house}, Springfield", f"main street {house} springfield")
