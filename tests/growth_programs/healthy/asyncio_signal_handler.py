"""Lets the latest server react to a signal."""

# kind: asyncio signal handler, replaced

from __future__ import annotations

import asyncio
import signal

LOOP = asyncio.new_event_loop()


class LatestServer:
    def __init__(self) -> None:
        self.reloads = 0
        LOOP.add_signal_handler(signal.SIGUSR2, self.reload)

    def reload(self) -> None:
        self.reloads += 1


def work() -> None:
    assert LatestServer().reloads == 0
