"""A cache in sixteen shards of two entries each."""

# kind: many dicts with a bound
# rounds: 150

from __future__ import annotations

import itertools
import zlib

_calls = itertools.count()
SHARDS = [{} for _ in range(16)]


def work() -> None:
    key = f"page {next(_calls)}"
    shard = SHARDS[zlib.crc32(key.encode()) % 16]
    shard[key] = [key]
    if len(shard) > 2:
        del shard[next(iter(shard))]
