"""Opens a connection for each thread, and threads end."""

# kind: threading.local of threads that end

from __future__ import annotations

import threading

LOCAL = threading.local()


def use() -> None:
    LOCAL.connection = bytearray(1000)
    LOCAL.connection[0] = 1


def work() -> None:
    use()
    thread = threading.Thread(target=use)
    thread.start()
    thread.join()
