"""What the operating system says of a process: resident, unique, proportional, shared and anonymous memory.

On Linux the figures come from ``/proc/PID/smaps``, which is exact to the page and needs nothing installed; elsewhere
from psutil, where it is installed. All figures are bytes; None stands for what the platform does not tell.
"""

from __future__ import annotations

import os
from contextlib import suppress
from typing import Any, NamedTuple

KILOBYTE = 1024


class FootprintError(Exception):
    """The memory of a process cannot be read; the text says why, in one line."""


class Footprint(NamedTuple):
    """``rss`` is split into ``shared`` + ``files`` + ``anonymous`` where the platform tells them apart.

    ``shared`` are pages of files and shared memory that other processes map as well, ``files`` those that only this one
    maps, ``anonymous`` all the rest: heaps, stacks, written pages of libraries. ``uss`` is what would be free if the
    process ended, ``pss`` splits shared pages among their users; ``swap`` is no part of ``rss``.
    """

    rss: int
    uss: int | None = None
    pss: int | None = None
    shared: int | None = None
    files: int | None = None
    anonymous: int | None = None
    heap: int | None = None
    stacks: int | None = None
    swap: int | None = None
    source: str = ""


def footprint(pid: int | None = None) -> Footprint:
    """Return the figures of a process, by default of this one. Raises ``FootprintError`` where nothing can be read."""
    place = "self" if pid is None else str(pid)
    if os.path.exists("/proc/self/statm"):
        try:
            return _from_smaps(place)
        except ProcessLookupError:
            raise FootprintError(f"process {place} has ended") from None
        except PermissionError:
            raise FootprintError(f"process {place} belongs to another user; run as that user or as root") from None
        except FileNotFoundError:
            raise FootprintError(f"no process {place}") from None
        except (OSError, ValueError, KeyError):
            pass
    return _from_psutil(pid)


def anonymous() -> int:
    """Return the anonymous resident bytes of this process; its resident bytes where that is all there is."""
    try:
        with open("/proc/self/smaps_rollup", encoding="ascii", errors="replace") as source:
            for line in source:
                if line.startswith("Anonymous:"):
                    return int(line.split()[1]) * KILOBYTE
    except OSError:
        pass
    found = footprint()
    return found.rss if found.anonymous is None else found.anonymous


def resident() -> int:
    """Return the resident bytes of this process, by the cheapest way there is. Raises ``FootprintError``."""
    try:
        with open("/proc/self/statm", encoding="ascii") as source:
            return int(source.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError):
        return footprint().rss


def rss_and_uss(pid: int | None = None) -> tuple[int, int | None]:
    """Return resident and unique bytes, cheaper than ``footprint``. Raises ``FootprintError``."""
    place = "self" if pid is None else str(pid)
    try:
        with open(f"/proc/{place}/smaps_rollup", encoding="ascii", errors="replace") as source:
            sums = _summed(source)
        return sums["Rss"], sums["Private_Clean"] + sums["Private_Dirty"]
    except (OSError, KeyError):
        found = footprint(pid)
        return found.rss, found.uss


def _summed(lines: Any) -> dict[str, int]:
    """Add up the ``Name: N kB`` lines of one or more mappings, in bytes."""
    sums: dict[str, int] = {}
    for line in lines:
        words = line.split()
        if len(words) == 3 and words[2] == "kB":
            name = words[0][:-1]
            sums[name] = sums.get(name, 0) + int(words[1]) * KILOBYTE
    return sums


def _from_smaps(place: str) -> Footprint:
    """Add up the mappings. A page that a fork shares is anonymous all the same: it is a heap's, and no file's."""
    sums: dict[str, int] = {}
    shared = files = heap = stacks = 0
    with open(f"/proc/{place}/smaps", encoding="utf-8", errors="replace") as source:
        for name, one in _mappings(source):
            for key, value in one.items():
                sums[key] = sums.get(key, 0) + value
            mapped = one.get("Rss", 0) - one.get("Anonymous", 0)
            among = min(mapped, one.get("Shared_Clean", 0) + one.get("Shared_Dirty", 0))
            shared += among
            files += mapped - among
            heap += one.get("Rss", 0) if name == "[heap]" else 0
            stacks += one.get("Rss", 0) if name.startswith("[stack") else 0
    return Footprint(
        rss=sums["Rss"],
        uss=sums["Private_Clean"] + sums["Private_Dirty"],
        pss=sums.get("Pss"),
        shared=shared,
        files=files,
        anonymous=sums["Anonymous"],
        heap=heap,
        stacks=stacks,
        swap=sums.get("Swap"),
        source="smaps",
    )


def _mappings(lines: Any) -> Any:
    """Yield the name and figures of each mapping of an ``smaps`` file."""
    name, one = "", {}
    for line in lines:
        words = line.split()
        if len(words) == 3 and words[2] == "kB":
            one[words[0][:-1]] = int(words[1]) * KILOBYTE
        elif "-" in words[0] and not words[0].endswith(":"):
            if one:
                yield name, one
            name, one = " ".join(words[5:]), {}
    if one:
        yield name, one


def _from_psutil(pid: int | None) -> Footprint:
    try:
        import psutil
    except ImportError:
        raise FootprintError("this platform needs psutil to read a process's memory: pip install psutil") from None
    try:
        found = psutil.Process(pid).memory_full_info()
    except psutil.NoSuchProcess:
        raise FootprintError(f"no process {pid}") from None
    except psutil.AccessDenied:
        raise FootprintError(f"process {pid} belongs to another user; run as that user or as root") from None
    shared = found.rss - found.uss if hasattr(found, "uss") else None
    return Footprint(found.rss, getattr(found, "uss", None), getattr(found, "pss", None), shared, source="psutil")


def same_file(first: str, second: str) -> bool:
    """Tell whether two paths lead to one file; False if either leads nowhere."""
    try:
        return os.path.samefile(first, second)
    except OSError:
        return False


def machine_limit() -> int | None:
    """Return the bytes that this process may use at most: those of its control group, or the machine's; None if nobody says."""
    limits = []
    for path in _limit_files():
        with suppress(OSError, ValueError), open(path, encoding="ascii") as source:
            limits.append(int(source.read()))
    with suppress(ValueError, OSError, AttributeError):
        limits.append(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    return min(limits, default=None)


def _limit_files() -> list[str]:
    """Return the files that may limit the memory: of the control group as a container sees it, and of those above a service."""
    top = "/sys/fs/cgroup"
    found = [f"{top}/memory.max", f"{top}/memory/memory.limit_in_bytes"]
    with suppress(OSError), open("/proc/self/cgroup", encoding="utf-8", errors="replace") as source:
        for row in source:
            group = row.rstrip("\n").partition("::")[2]
            while group.strip("/"):
                found.append(f"{top}{group}/memory.max")
                group = os.path.dirname(group)
    return found
