"""Converts units and remembers the factors, of which there are six."""

# kind: default argument with few keys

from __future__ import annotations

import itertools

_units = itertools.cycle(["mm", "cm", "dm", "m", "hm", "km"])


def factor(unit: str, known: dict[str, list[str]] = {}) -> list[str]:  # noqa: B006
    if unit not in known:
        known[unit] = [unit, "metre"]
    return known[unit]


def work() -> None:
    factor(next(_units))
