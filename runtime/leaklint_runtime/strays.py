"""Processes that a target started and left behind, in a session of their own or not: found, ended and reaped (Linux).

The kernel gives a process whose parent has died to the nearest ancestor that asked for such; the supervisor asks, so that
nothing a target has forked can get away from it.
"""

from __future__ import annotations

import os
from contextlib import suppress
from typing import Container

from . import early, sandbox

_TURNS = 200  # how often what is being killed may have forked again


def sweep(keep: Container[int]) -> None:
    """Kill and reap the children of this process that are not in ``keep``, and theirs, which come to it then."""
    for _ in range(_TURNS):
        strays = [pid for pid in _children() if pid not in keep]
        if not strays:
            return
        for pid in strays:
            sandbox.end(pid)
        for pid in strays:
            with suppress(OSError):
                assert early.waitpid is not None
                early.waitpid(pid, 0)


def _children() -> list[int]:
    """Return the children of this process, which has one thread; none where the kernel does not tell."""
    own = os.getpid()
    try:
        with open(f"/proc/{own}/task/{own}/children", encoding="ascii") as source:
            return [int(word) for word in source.read().split()]
    except (OSError, ValueError):
        return _children_by_scan(own)


def _children_by_scan(own: int) -> list[int]:
    found = []
    for name in os.listdir("/proc") if os.path.isdir("/proc") else ():
        if name.isdigit():
            with suppress(OSError, ValueError, IndexError):
                if _parent(name) == own:
                    found.append(int(name))
    return found


def _parent(pid: str) -> int:
    with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as source:
        return int(source.read().rpartition(")")[2].split()[1])
