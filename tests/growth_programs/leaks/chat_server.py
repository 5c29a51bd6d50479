"""Starts a task for each client, which ends when the server shuts down."""

# holder: SERVER|_waiters|[Tt]asks
# kind: asyncio tasks that wait
# what: Task|coroutine|Future

from __future__ import annotations

import asyncio


class ChatServer:
    def __init__(self) -> None:
        self.shutdown = asyncio.Event()  # holder here

    async def serve(self, client: str) -> None:
        await self.shutdown.wait()  # stores
        client.upper()


LOOP = asyncio.new_event_loop()
asyncio.set_event_loop(LOOP)
SERVER = ChatServer()  # holder here


async def connect(client: str) -> None:
    asyncio.ensure_future(SERVER.serve(client))  # noqa: RUF006  # stores
    await asyncio.sleep(0)


def work() -> None:
    LOOP.run_until_complete(connect("ann"))
