"""Registers what shall happen when the program is ready."""

# holder: READY
# kind: callbacks of a concurrent.futures.Future
# what: function|ProgramPart|cell

from __future__ import annotations

from concurrent.futures import Future

READY: Future[None] = Future()  # holder here


class ProgramPart:
    def __init__(self, name: str) -> None:
        self.name = name
        self.running = False


def start(part: ProgramPart) -> None:
    READY.add_done_callback(lambda _: setattr(part, "running", True))  # stores


def work() -> None:
    start(ProgramPart("scheduler"))
