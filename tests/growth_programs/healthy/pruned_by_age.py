"""Sessions that end after twelve calls of silence, looked for at each fifth."""

# kind: expiry in steps
# rounds: 70

from __future__ import annotations

import itertools

_calls = itertools.count()
SESSIONS = {}


def work() -> None:
    now = next(_calls)
    SESSIONS[f"session {now}"] = now
    if now % 5 == 0:
        for name, seen in list(SESSIONS.items()):
            if now - seen > 12:
                del SESSIONS[name]
