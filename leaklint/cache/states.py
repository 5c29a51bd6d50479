"""How files and folders are, told by the file system alone, in a form that is compared and not looked into.

A state is 40 bytes: mode, size, both times of change and inode.
"""

from __future__ import annotations

import os
import time
from struct import Struct, error

from leaklint.cache.keys import NAME
from leaklint.digest import hash_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

_STATE = Struct("=QqqqQ")
_BITS = 0x7FFF_FFFF_FFFF_FFFF
SIZE = _STATE.size
ABSENT = bytes(SIZE)
UNSURE = b"\xff" * SIZE  # the state of nothing: what has it is looked at again
_SOON = 2_000_000_000  # nanoseconds by which the clock of a file system may be off
_OWN_FOLDER = os.fsencode(NAME)


def states_of(paths: Sequence[bytes]) -> bytearray:
    """Return the states of ``paths``, one after the other; ``ABSENT`` for one that the file system does not tell."""
    found = bytearray(SIZE * len(paths))
    stat, pack, place = os.stat, _STATE.pack_into, -SIZE
    for path in paths:
        place += SIZE
        try:
            one = stat(path)
        except (OSError, ValueError):
            continue
        try:
            pack(found, place, one.st_mode, one.st_size, one.st_mtime_ns, one.st_ctime_ns, one.st_ino)
        except error:  # a time of the far future, an inode of more than 64 bits
            times = one.st_mtime_ns & _BITS, one.st_ctime_ns & _BITS
            pack(found, place, one.st_mode, one.st_size, *times, one.st_ino & _BITS)
    return found


def differing(paths: Sequence[bytes], expected: bytes) -> dict[int, bytes]:
    """Return the present states of those ``paths``, by number, whose states are not the ``expected`` ones."""
    now = states_of(paths)
    if now == expected:
        return {}
    places = range(0, len(now), SIZE)
    return {
        place // SIZE: bytes(now[place : place + SIZE])
        for place in places
        if now[place : place + SIZE] != expected[place : place + SIZE]
    }


def changed_at(state: bytes) -> int:
    """Return when a file or folder changed last, or its entry (nanoseconds)."""
    times: tuple[int, int] = _STATE.unpack(state)[2:4]
    return max(times)


def kind_of(state: bytes) -> int:
    """Return whether a state is that of a file, of a folder, of something else, or of nothing, as ``stat`` numbers it."""
    mode: int = _STATE.unpack(state)[0]
    return mode & 0o170_000  # ``stat.S_IFMT``


def names_of(folder: bytes) -> bytes:
    """Return a hash of 16 bytes of the names that a search for Python files looks at in a folder."""
    names = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    names.append(entry.name + b"/")
                elif entry.name.endswith(b".py") or entry.name == b".gitignore":
                    names.append(entry.name)
    except OSError:
        return bytes(16)
    if _OWN_FOLDER + b"/" in names:  # made while the first run over a project ends
        names.remove(_OWN_FOLDER + b"/")
    return hash_of(b"\0".join(sorted(names)))


def showing(folder: str) -> int | None:
    """Return the device that ``folder``, one of the cache's own, lies on, if its time shows that a name has come or gone.

    There are file systems, most of them far away, that keep no such time: folders there are listed each time.
    """
    probe = os.path.join(folder, f"{os.getpid()}.part")
    try:
        os.utime(folder, (0, 0))
        before = os.stat(folder)
        with open(probe, "xb"):
            pass
        os.unlink(probe)
        after = os.stat(folder)
    except OSError:
        return None
    return after.st_dev if before.st_mtime_ns == 0 and abs(after.st_mtime_ns - time.time_ns()) < _SOON else None
