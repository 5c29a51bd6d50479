"""Prints a protocol to a text buffer."""

# holder: PROTOCOL
# alone: yes
# kind: io.StringIO
# what: StringIO|str

from __future__ import annotations

import io

PROTOCOL = io.StringIO()  # holder here


def work() -> None:
    print("temperature", 21.5, "humidity", 40, "pressure", 1013, "wind", 12, file=PROTOCOL)  # stores
    print("-" * 200, file=PROTOCOL)  # stores
