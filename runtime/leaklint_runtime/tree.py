"""A process and all that it started, and what they occupy together."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import NamedTuple

from .footprint import FootprintError, rss_and_uss


class Family(NamedTuple):
    """``rss`` counts shared pages once for each process; ``uss``, where it is known, is theirs alone."""

    pids: tuple[int, ...]
    rss: int
    uss: int | None


def members(pid: int) -> list[int]:
    """Return the process and its descendants; from ``/proc``, or psutil where that is all there is."""
    if os.path.isdir("/proc/self"):
        return _from_proc(pid)
    try:
        import psutil
    except ImportError:
        return [pid]
    with suppress(psutil.Error):
        return [pid, *[child.pid for child in psutil.Process(pid).children(recursive=True)]]
    return [pid]


def _from_proc(pid: int) -> list[int]:
    parents: dict[int, list[int]] = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            with suppress(OSError, ValueError, IndexError), open(f"/proc/{name}/stat", "rb") as source:
                # The second field is the program's name in parentheses, which may hold anything.
                parent = int(source.read().rpartition(b")")[2].split()[1])
                parents.setdefault(parent, []).append(int(name))
    found = [pid]
    for one in found:
        found += parents.get(one, [])
    return found


def family(pid: int) -> Family:
    """Return the family's members and memory now; those that end meanwhile count as nothing."""
    pids, rss, uss = [], 0, 0
    known = True
    for one in members(pid):
        with suppress(FootprintError):
            resident, unique = rss_and_uss(one)
            pids.append(one)
            rss += resident
            known = known and unique is not None
            uss += unique or 0
    return Family(tuple(pids), rss, uss if known else None)
