"""Publishes messages to the queue of a subscriber that is away."""

# holder: INBOX
# kind: asyncio.Queue
# what: str

from __future__ import annotations

import asyncio
import itertools


class Inbox:
    def __init__(self) -> None:
        self.name = "ann"
        self.messages = asyncio.Queue()  # holder here


LOOP = asyncio.new_event_loop()
asyncio.set_event_loop(LOOP)
INBOX = Inbox()  # holder here
_numbers = itertools.count()


async def publish(text: str) -> None:
    await INBOX.messages.put(text)  # stores


def work() -> None:
    LOOP.run_until_complete(publish(f"message {next(_numbers)}"))
