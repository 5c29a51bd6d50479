"""Formats answers in a buffer that is emptied for each."""

# kind: io.StringIO, truncated

from __future__ import annotations

import io

BUFFER = io.StringIO()


def work() -> None:
    BUFFER.seek(0)
    BUFFER.truncate()
    print("temperature", 21.5, "humidity", 40, file=BUFFER)
    assert BUFFER.getvalue().startswith("temperature")
