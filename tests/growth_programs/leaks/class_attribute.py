"""Opens connections, all of which the class can close."""

# holder: Connection\.opened
# kind: class attribute
# what: Connection

from __future__ import annotations

from typing import ClassVar


class Connection:
    opened: ClassVar[list[Connection]] = []  # holder here

    def __init__(self, host: str) -> None:
        self.host = host
        self.buffer = bytearray(64)
        self.opened.append(self)  # stores

    @classmethod
    def close_all(cls) -> None:
        for connection in cls.opened:
            connection.buffer.clear()
        cls.opened.clear()


def work() -> None:
    Connection("db.example").buffer[0] = 1
