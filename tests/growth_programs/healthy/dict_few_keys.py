"""Caches the permissions of the roles that there are."""

# kind: dict with few keys

from __future__ import annotations

import itertools

_CACHE: dict[str, frozenset[str]] = {}
_roles = itertools.cycle(["guest", "reader", "writer", "admin"])


def permissions(role: str) -> frozenset[str]:
    if role not in _CACHE:
        _CACHE[role] = frozenset(f"{role}:{verb}" for verb in ("get", "put", "delete"))
    return _CACHE[role]


def work() -> None:
    role = next(_roles)
    assert f"{role}:get" in permissions(role)
