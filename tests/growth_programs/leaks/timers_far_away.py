"""Gives each upload a time limit of an hour."""

# holder: thread
# kind: threading.Timer
# what: Timer|Upload

from __future__ import annotations

import threading


class Upload:
    def __init__(self) -> None:
        self.parts: list[bytes] = []
        timer = threading.Timer(3600.0, self.abort)
        timer.daemon = True
        timer.start()  # stores

    def abort(self) -> None:
        self.parts.clear()


def work() -> None:
    Upload().parts.append(b"begin")
