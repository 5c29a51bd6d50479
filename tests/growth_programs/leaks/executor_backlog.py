"""Sends mails in the background; the only worker waits for a server that is gone."""

# holder: POOL\._work_queue
# kind: ThreadPoolExecutor's queue

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor, thread


def wait():
    while not thread._shutdown:
        time.sleep(0.05)


POOL = ThreadPoolExecutor(max_workers=1)  # holder here
POOL.submit(wait)


def send(text):
    return len(text)


def work() -> None:
    POOL.submit(send, "mail" * 20)  # stores
