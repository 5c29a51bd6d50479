"""A text that is built and written when it has a thousand characters."""

# kind: text replaced, flushed in steps
# rounds: 100

from __future__ import annotations

import io

STATE = {"text": ""}


def work() -> None:
    STATE["text"] += "a line of the report\n" * 3
    if len(STATE["text"]) > 1000:
        io.StringIO().write(STATE["text"])
        STATE["text"] = ""
