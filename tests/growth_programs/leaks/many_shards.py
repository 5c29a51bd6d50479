"""Pages seen, in sixty-four sets by hash."""

# holder: (SHARDS|SEEN\.shards)
# kind: many sets of texts of which each grows seldom

from __future__ import annotations

import itertools
import zlib

_calls = itertools.count()


class Seen:
    def __init__(self):
        self.shards = [set() for _ in range(64)]  # holder here

    def add(self, page):
        self.shards[zlib.crc32(page.encode()) % 64].add(page)  # stores


SEEN = Seen()
SHARDS = SEEN.shards


def work() -> None:
    SEEN.add(f"https://example.org/pages/of/the/site/{next(_calls)}")
