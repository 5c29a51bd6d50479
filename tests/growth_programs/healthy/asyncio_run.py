"""Runs a few coroutines in an event loop of their own."""

# kind: asyncio.run

from __future__ import annotations

import asyncio


async def double(number: int) -> int:
    await asyncio.sleep(0)
    return number * 2


async def both() -> list[int]:
    return list(await asyncio.gather(double(1), double(2)))


def work() -> None:
    assert asyncio.run(both()) == [2, 4]
