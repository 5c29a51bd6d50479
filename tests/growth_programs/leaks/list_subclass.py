"""Writes a journal whose entries carry their position."""

# holder: JOURNAL
# kind: list subclass
# what: tuple

from __future__ import annotations

import time


class Journal(list):
    def note(self, text: str) -> int:
        self.append((len(self), time.time(), text))  # stores
        return len(self)


JOURNAL = Journal()  # holder here


def work() -> None:
    JOURNAL.note("started")
    JOURNAL.note("done")
