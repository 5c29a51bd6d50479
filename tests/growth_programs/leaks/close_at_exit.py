"""Opens stores that are flushed when the interpreter ends."""

# holder: atexit
# kind: atexit
# what: RowStore|method

from __future__ import annotations

import atexit


class RowStore:
    def __init__(self, name: str) -> None:
        self.name = name
        self.rows: list[tuple[str, int]] = []
        atexit.register(self.flush)  # stores

    def put(self, key: str, value: int) -> None:
        self.rows.append((key, value))

    def flush(self) -> None:
        self.rows.clear()


def work() -> None:
    RowStore("sales").put("apples", 3)
