"""Writes rows to a file in batches of ten."""

# kind: batch buffer, flushed

from __future__ import annotations

import itertools


class BatchWriter:
    def __init__(self, size: int) -> None:
        self.size = size
        self.rows: list[str] = []
        self.written = 0

    def write(self, row: str) -> None:
        self.rows.append(row)
        if len(self.rows) >= self.size:
            self.written += len("\n".join(self.rows))
            self.rows = []


WRITER = BatchWriter(10)
_numbers = itertools.count()


def work() -> None:
    WRITER.write(f"row {next(_numbers)}")
