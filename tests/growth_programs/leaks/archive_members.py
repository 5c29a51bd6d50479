"""Adds files to an archive in memory."""

# holder: ARCHIVE
# kind: members of a zipfile.ZipFile
# what: ZipInfo

from __future__ import annotations

import io
import itertools
import zipfile

ARCHIVE = zipfile.ZipFile(io.BytesIO(), "w")  # holder here
_days = itertools.count(1)


def work() -> None:
    ARCHIVE.writestr(f"day{next(_days)}.txt", "sunny, later rain " * 10)  # stores
