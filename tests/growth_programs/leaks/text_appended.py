"""Writes a transcript of a conversation as text."""

# holder: TRANSCRIPT
# kind: str, extended
# what: str

from __future__ import annotations

import time

TRANSCRIPT = ""  # holder here


def say(who: str, text: str) -> None:
    global TRANSCRIPT
    TRANSCRIPT += f"[{time.time():.3f}] {who}: {text}\n"  # stores


def work() -> None:
    say("ann", "How much is the fish? " * 8)
