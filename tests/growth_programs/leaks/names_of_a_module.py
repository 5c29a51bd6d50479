"""Publishes results of calculations under names of its own."""

# holder: globals|__dict__
# kind: module __dict__
# what: list

from __future__ import annotations

import itertools

_steps = itertools.count()


def publish(name: str, value: list[int]) -> None:
    globals()[name] = value  # stores


def work() -> None:
    step = next(_steps)
    publish(f"result_{step}", [number * step for number in range(10)])
