"""Runs work in the background of a loop and holds on to its tasks, as the manual says."""

# holder: BACKGROUND
# kind: set of done asyncio tasks
# what: Task

from __future__ import annotations

import asyncio

BACKGROUND: set[asyncio.Task[int]] = set()  # holder here
LOOP = asyncio.new_event_loop()


async def count(words: str) -> int:
    await asyncio.sleep(0)
    return len(words.split())


async def request() -> None:
    task = LOOP.create_task(count("one two three"))
    BACKGROUND.add(task)  # stores
    await task


def work() -> None:
    LOOP.run_until_complete(request())
