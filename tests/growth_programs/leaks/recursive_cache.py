"""Solves puzzles by a recursive function whose intermediate results are cached."""

# holder: ways
# kind: functools.lru_cache, recursive
# what: int

from __future__ import annotations

import functools
import itertools

_targets = itertools.count(40, 5)


@functools.lru_cache(None)  # holder here
def ways(target: int, coins: tuple[int, ...]) -> int:  # holder here
    if target == 0:
        return 1
    if target < 0 or not coins:
        return 0
    return ways(target - coins[0], coins) + ways(target, coins[1:])  # stores


def work() -> None:
    ways(next(_targets), (5, 10, 20))  # stores
