"""Gives a request a time limit of an hour, which is cancelled when it is answered."""

# kind: asyncio handles, cancelled

from __future__ import annotations

import asyncio

LOOP = asyncio.new_event_loop()


async def answer() -> int:
    limit = LOOP.call_later(3600.0, print, "too late")
    await asyncio.sleep(0)
    limit.cancel()
    return 42


def work() -> None:
    assert LOOP.run_until_complete(answer()) == 42
