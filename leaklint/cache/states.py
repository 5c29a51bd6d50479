"""How files and folders are, told by the file system alone, in a form that is compared and not looked into.

A state is 40 bytes: mode, size, both times of change and inode. Many files are asked by two processes, where there are two
processors for them; whatever becomes of the second one, the result is the same.
"""

from __future__ import annotations

import os
import sys
import time
from struct import Struct, error

from leaklint.cache.keys import NAME
from leaklint.digest import hash_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

_STATE = Struct("=QqqqQ")
_NUMBER = Struct("=Q")
_BITS = 0x7FFF_FFFF_FFFF_FFFF
SIZE = _STATE.size
ABSENT = bytes(SIZE)
UNSURE = b"\xff" * SIZE  # the state of nothing: what has it is looked at again
_PAYS = 5_000  # paths from which on a second process saves more than its start costs
_DONE = b"."
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
    if len(paths) < _PAYS or not _may_fork():
        return _differing(paths, memoryview(expected), 0)
    return _shared(paths, memoryview(expected))


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


def _differing(paths: Sequence[bytes], expected: memoryview, first: int) -> dict[int, bytes]:
    now = states_of(paths)
    if now == expected:
        return {}
    places = range(0, len(now), SIZE)
    return {
        first + place // SIZE: bytes(now[place : place + SIZE])
        for place in places
        if now[place : place + SIZE] != expected[place : place + SIZE]
    }


def _may_fork() -> bool:
    """Tell whether there is a processor for another process, and nothing in this one that a fork could break."""
    if sys.platform != "linux" or os.environ.get("PRE_COMMIT") or len(os.sched_getaffinity(0)) < 2:
        return False
    try:
        return len(os.listdir("/proc/self/task")) == 1  # a fork of several threads copies one, and perhaps a held lock
    except OSError:
        return False


def _shared(paths: Sequence[bytes], expected: memoryview) -> dict[int, bytes]:
    """Do as ``_differing``, the second half in a process of its own."""
    half = len(paths) // 2
    parent, child, rest = os.getpid(), 0, None
    ours, theirs = os.pipe()
    try:
        child = _forked()
        if os.getpid() != parent:
            os.close(ours)
            _tell(theirs, _differing(paths[half:], expected[half * SIZE :], half))
            os._exit(0)
        os.close(theirs)
        theirs = -1
        found = _differing(paths[:half], expected[: half * SIZE], 0)
        rest = _told(ours) if child else None
    finally:
        if (
            os.getpid() != parent
        ):  # whatever has come over the second process, Ctrl-C too: it is not to go on as the first
            os._exit(1)
        for line in {ours, theirs} - {-1}:
            os.close(line)
        if child:
            _end(child, finished=rest is not None)
    return found | (_differing(paths[half:], expected[half * SIZE :], half) if rest is None else rest)


def _forked() -> int:
    """Return the number of a new process in the first one, 0 in the new one and where none is to be had."""
    try:
        return os.fork()
    except OSError:
        return 0


def _tell(line: int, found: dict[int, bytes]) -> None:
    data = b"".join(_NUMBER.pack(number) + state for number, state in found.items()) + _DONE
    while data:
        data = data[os.write(line, data) :]


def _told(line: int) -> dict[int, bytes] | None:
    """Return what the other process found, or None if it has not come to its end."""
    parts = [part := os.read(line, 1 << 16)]
    while part:
        parts.append(part := os.read(line, 1 << 16))
    data = b"".join(parts)
    if not data.endswith(_DONE) or len(data) % (_NUMBER.size + SIZE) != len(_DONE):
        return None
    rows = range(0, len(data) - len(_DONE), _NUMBER.size + SIZE)
    return {_NUMBER.unpack_from(data, row)[0]: data[row + _NUMBER.size : row + _NUMBER.size + SIZE] for row in rows}


def _end(child: int, *, finished: bool) -> None:
    """Leave nothing of a second process behind."""
    try:
        if not finished:
            os.kill(child, 9)
        os.waitpid(child, 0)
    except OSError:  # who started us does not want to know of ended processes: then the system forgets them itself
        pass


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
