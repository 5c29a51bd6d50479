"""Values by what they have in common."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

K = TypeVar("K")
V = TypeVar("V")


def lists_by_key(pairs: Iterable[tuple[K, V]]) -> dict[K, list[V]]:
    """Return the second of each pair in lists by the first, in the order in which they come."""
    groups: dict[K, list[V]] = {}
    for key, value in pairs:
        groups.setdefault(key, []).append(value)
    return groups


def sets_by_key(pairs: Iterable[tuple[K, V]]) -> dict[K, set[V]]:
    """Return the second of each pair in sets by the first."""
    groups: dict[K, set[V]] = {}
    for key, value in pairs:
        groups.setdefault(key, set()).add(value)
    return groups
