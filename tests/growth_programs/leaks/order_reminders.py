"""Sends a reminder an hour after each order."""

# holder: _scheduled|LOOP|[Tt]imer|[Tt]asks
# kind: asyncio tasks that sleep
# what: Task|coroutine|TimerHandle|Future

from __future__ import annotations

import asyncio

LOOP = asyncio.new_event_loop()  # holder here


async def remind(customer: str, goods: list[str]) -> str:
    await asyncio.sleep(3600.0)  # stores
    return f"{customer}, how is the {goods[0]}?"


async def order(customer: str) -> None:
    LOOP.create_task(remind(customer, ["lamp", "table"]))  # noqa: RUF006  # stores
    await asyncio.sleep(0)


def work() -> None:
    LOOP.run_until_complete(order("ann"))
