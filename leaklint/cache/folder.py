"""A folder of entries that may vanish, be damaged or come from elsewhere at any time: what is read is checked or not used.

An entry is a file of its own: the hash of its kind, key and content, then the content. It is written beside its place and
renamed, so a reader sees all of it or nothing, whoever else writes and whatever is killed. Nothing here raises for the
state of the folder: a cache that cannot be read or written is an empty one.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from contextlib import suppress

from leaklint.cache.keys import file_of, read_entry, write_entry
from leaklint.cache.states import showing

MOST_BYTES = 256_000_000
_TAG = "CACHEDIR.TAG"
_IGNORED = ".gitignore"
_SIGNATURE = "Signature: 8a477f597d28d172789f06886806bc55"
_TAG_TEXT = (
    f"{_SIGNATURE}\n# This folder is leaklint's cache; 'leaklint cache clear' empties it, deleting it is safe.\n"
)
_FOLDER = re.compile(r"v-[0-9a-f]{16}")  # the entries of one leaklint under one Python
_OLD = 30 * 86_400  # seconds after which an entry that nobody asked for goes
_EVERY = 86_400  # seconds between two looks at the folder's size


class Folder:
    """A cache folder at ``path``; it is made when the first entry is written."""

    def __init__(self, path: str, most_bytes: int = MOST_BYTES) -> None:
        """Take a folder that exists or not, and how large it may become."""
        self.path = os.path.abspath(path)
        self.most_bytes = most_bytes
        self._writable = True

    def read(self, kind: str, key: str) -> bytes | None:
        """Return what ``write`` was given for ``kind`` and ``key``, or None."""
        return read_entry(self.path, kind, key)

    def write(self, kind: str, key: str, content: bytes) -> None:
        """Remember ``content``, if the folder can be written; after a failure nothing more is tried."""
        if not self._writable:
            return
        try:
            self.prepare(os.path.dirname(file_of(self.path, kind, key)))
            write_entry(self.path, kind, key, content)
        except OSError:
            self._writable = False

    def showing(self, kind: str, key: str) -> int | None:
        """Return what ``leaklint.cache.states.showing`` says of the folder in which an entry lies or is to lie."""
        place = os.path.dirname(file_of(self.path, kind, key))
        try:
            self.prepare(place)
        except OSError:
            return None
        return showing(place)

    def clear(self) -> bool:
        """Delete all entries, and the folder if nothing else is in it; tell whether there was one. Raises ``OSError``."""
        if not os.path.isdir(self.path):
            return False
        if not self._is_ours():
            raise OSError("it holds other files and is no cache of leaklint")
        import shutil

        for name in os.listdir(self.path):
            if _FOLDER.fullmatch(name):
                shutil.rmtree(os.path.join(self.path, name))
            elif name in {_TAG, _IGNORED}:
                os.unlink(os.path.join(self.path, name))
        with suppress(OSError):
            os.rmdir(self.path)
        return True

    def prune(self, *, now: float | None = None) -> None:
        """Delete what is old, and then the oldest entries until the folder is no larger than it may be."""
        now = time.time() if now is None else now
        entries = sorted(self._entries())
        total = sum(size for _, size, _ in entries)
        for changed, size, file in entries:
            if total <= self.most_bytes and changed > now - _OLD:
                break
            with suppress(OSError):
                os.unlink(file)
                total -= size

    def prune_sometimes(self) -> None:
        """Prune if that was not done for a day."""
        mark = os.path.join(self.path, _TAG)
        with suppress(OSError):
            if os.stat(mark).st_mtime < time.time() - _EVERY:
                os.utime(mark)
                self.prune()

    def size(self) -> tuple[int, int]:
        """Return how many entries there are and how many bytes they take."""
        sizes = [size for _, size, _ in self._entries()]
        return len(sizes), sum(sizes)

    def prepare(self, folder: str) -> None:
        """Make ``folder``, somewhere below this one. Raises ``OSError``, also where this one is not leaklint's."""
        if os.path.isdir(folder):
            return
        if os.path.lexists(self.path) and not self._is_ours():
            raise OSError("the folder is something else")
        os.makedirs(folder, exist_ok=True)
        for name, text in ((_TAG, _TAG_TEXT), (_IGNORED, "*\n")):
            file = os.path.join(self.path, name)
            if not os.path.lexists(file) or (name == _TAG and self._read_tag() != text):
                with open(file, "w", encoding="ascii") as stream:
                    stream.write(text)

    def _is_ours(self) -> bool:
        """Tell whether the folder is marked as leaklint's, or holds nothing but what comes before the mark is written.

        A link never is: a project may come with one.
        """
        if os.path.islink(self.path):
            return False
        text = self._read_tag()
        if text == _TAG_TEXT:
            return True
        with os.scandir(self.path) as entries:
            return _TAG_TEXT.startswith(text) and all(
                not entry.is_symlink() and (entry.name in {_TAG, _IGNORED} or _FOLDER.fullmatch(entry.name))
                for entry in entries
            )

    def _read_tag(self) -> str:
        try:
            with open(os.path.join(self.path, _TAG), encoding="ascii", errors="replace") as stream:
                return stream.read(len(_TAG_TEXT) + 1)
        except OSError:
            return ""

    def _entries(self) -> Iterator[tuple[float, int, str]]:
        """Yield time of change, size and path of each entry; nothing else that may lie in the folder is an entry."""
        with suppress(OSError):
            for name in os.listdir(self.path):
                if not _FOLDER.fullmatch(name):
                    continue
                for top, _, files in os.walk(os.path.join(self.path, name)):
                    for file in (os.path.join(top, one) for one in files):
                        with suppress(OSError):
                            found = os.stat(file, follow_symlinks=False)
                            yield found.st_mtime, found.st_size, file
