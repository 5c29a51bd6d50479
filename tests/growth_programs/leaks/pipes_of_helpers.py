"""Watches a pipe for each helper that may report."""

# holder: LOOP|_fd_to_key|[Rr]eader|[Ss]elector
# kind: asyncio readers
# what: SelectorKey|Handle|Helper

from __future__ import annotations

import asyncio
import os


class Helper:
    def __init__(self) -> None:
        self.reading, self.writing = os.pipe()
        self.reports: list[bytes] = []

    def read(self) -> None:
        self.reports.append(os.read(self.reading, 100))


LOOP = asyncio.SelectorEventLoop()  # holder here


async def listen(helper: Helper) -> None:
    LOOP.add_reader(helper.reading, helper.read)  # stores
    os.write(helper.writing, b"ready")
    await asyncio.sleep(0)


def work() -> None:
    LOOP.run_until_complete(listen(Helper()))
