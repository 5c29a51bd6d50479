"""Reads lines from an asynchronous generator and stops early."""

# kind: asynchronous generators

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator


async def lines() -> AsyncIterator[str]:
    for number in range(100):
        await asyncio.sleep(0)
        yield f"line {number}"


async def first(count: int) -> list[str]:
    read = []
    async for line in lines():
        read.append(line)
        if len(read) == count:
            break
    return read


def work() -> None:
    assert len(asyncio.run(first(3))) == 3
