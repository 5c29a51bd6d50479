"""Ends sessions an hour after their start, by a timer of the loop."""

# holder: _scheduled|LOOP|[Tt]imer
# kind: asyncio handles
# what: TimerHandle|Visit

from __future__ import annotations

import asyncio


class Visit:
    def __init__(self, user: str) -> None:
        self.user = user
        self.open = True

    def end(self) -> None:
        self.open = False


LOOP = asyncio.new_event_loop()  # holder here


async def visit(user: str) -> bool:
    current = Visit(user)
    LOOP.call_later(3600.0, current.end)  # stores
    return current.open


def work() -> None:
    assert LOOP.run_until_complete(visit("ann"))
