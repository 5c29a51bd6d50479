"""Runs background tasks in a loop that stays open, and forgets those that are done."""

# kind: asyncio tasks that end

from __future__ import annotations

import asyncio

LOOP = asyncio.new_event_loop()
BACKGROUND: set[asyncio.Task[int]] = set()


async def count(words: str) -> int:
    await asyncio.sleep(0)
    return len(words.split())


async def request() -> None:
    task = LOOP.create_task(count("one two three"))
    BACKGROUND.add(task)
    task.add_done_callback(BACKGROUND.discard)
    assert await task == 3
    await asyncio.sleep(0)


def work() -> None:
    LOOP.run_until_complete(request())
