"""Which files are as they were: by size and times where these can be trusted, else by a hash of the content.

A file that changed in the moment in which it was read may carry the times of both versions, so times that lie close to
the reading are not trusted, nor are those of the future. On a machine of a build service files are written anew for each
run, by tools that set times as they please: there only the content counts.
"""

from __future__ import annotations

import os

from leaklint.digest import digest_of

_GRAIN = 2_000_000_000  # nanoseconds; the coarsest clock of a file system in use
Times = tuple[int, int, int, int]  # size, time of change, time of change of the entry, inode


def times_of(file: str) -> Times | None:
    """Return what the file system says of ``file``, or None if it says nothing."""
    try:
        found = os.stat(file)
    except (OSError, ValueError):
        return None
    return (found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino)


def settled(times: Times, now: int) -> bool:
    """Tell whether a file whose times were taken at ``now`` (nanoseconds) cannot change again without showing it."""
    return max(times[1], times[2]) < now - _GRAIN


def content_digest(file: str | bytes) -> str:
    """Return the digest of a file's content as ``leaklint.reading`` makes it, or the empty string."""
    try:
        with open(file, "rb") as stream:
            return digest_of(stream.read())
    except (OSError, ValueError):
        return ""
