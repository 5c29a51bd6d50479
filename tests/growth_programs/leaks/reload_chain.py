"""Lets each server react to a signal and passes the signal on to earlier servers."""

# holder: signal|SIGUSR1
# alone: yes
# kind: signal handler, chained
# what: function

from __future__ import annotations

import signal
from types import FrameType


class ReloadingServer:
    def __init__(self) -> None:
        self.reloads = 0
        earlier = signal.getsignal(signal.SIGUSR1)

        def reload(number: int, frame: FrameType | None) -> None:
            self.reloads += 1
            if callable(earlier):
                earlier(number, frame)

        signal.signal(signal.SIGUSR1, reload)  # stores


def work() -> None:
    assert ReloadingServer().reloads == 0
