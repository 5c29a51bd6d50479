"""Allots identifiers from blocks that are reserved ten at a time."""

# holder: RESERVED
# alone: yes
# kind: list, in steps
# what: str

from __future__ import annotations

RESERVED: list[str] = []  # holder here
_used = 0


def identifier() -> str:
    global _used
    if _used == len(RESERVED):
        RESERVED.extend(f"id-{_used + offset:08d}" for offset in range(10))  # stores
    _used += 1
    return RESERVED[_used - 1]


def work() -> None:
    identifier()
