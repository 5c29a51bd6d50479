"""What earlier runs have read of the files of a run: gates in one pack, the facts of a file each in an entry of its own.

Everything is kept under a digest of the content that it was read from, so nothing is ever out of date.
"""

from __future__ import annotations

import json
import os
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

from leaklint.cache.codec import Codec, UnreadableError
from leaklint.cache.folder import Folder
from leaklint.cache.keys import key_of
from leaklint.cache.standing import mark_of
from leaklint.gate import Gate
from leaklint.leaning import Scanned
from leaklint.model import Problem
from leaklint.paths import module_name, relative
from leaklint.scanning import Read, read_and_scan

if TYPE_CHECKING:
    from leaklint.analysis import Wanted
    from leaklint.facts.model import Module

_GATES = Codec(Gate)
_MOST_MORE = 1_000  # gates that are written anew with each change, before all are


class Memory:
    """See ``leaklint.engine.Remembers``. ``digests`` gives the digest of a file's content where that is known.

    To write facts takes as long as to read them from the file. So the first run over a project writes none, since many a
    project is never read again; with ``facts`` they are written in any case, for others that ask after the same files.
    """

    def __init__(self, folder: Folder, key: str, digests: dict[str, str], *, facts: bool = False) -> None:
        """Look into ``folder``; ``key`` tells runs apart that share it."""
        self._keeps_facts = facts
        self.folder = folder
        self.key = key
        self.digests = digests
        self.reads: dict[str, Read] = {}  # of this run's files
        self._written: dict[str, bytes] = {}  # their gates or problems, by digest
        self.mixed = False  # a file has changed while it was read

    @cached_property
    def _pack(self) -> dict[str, bytes]:
        return self._packed("gates") | self._more

    @cached_property
    def _more(self) -> dict[str, bytes]:
        """The gates of files that have changed since those of all files were written."""
        return self._packed("more")

    def _packed(self, kind: str) -> dict[str, bytes]:
        data = self.folder.read(kind, self.key) or b""
        return {line[:32].decode("ascii"): line[33:] for line in data.split(b"\n") if line}

    def _write(self, kind: str, pack: dict[str, bytes]) -> None:
        lines = (digest.encode("ascii") + b" " + written for digest, written in pack.items())
        self.folder.write(kind, self.key, b"\n".join(lines))

    def scanned(self, file: str) -> Read | None:
        """Return what reading and gating ``file`` gives, if that is known."""
        if file in self.reads:
            return self.reads[file]
        digest = self.digests.get(os.path.abspath(file), "")
        written = self._pack.get(digest)
        if written is None:
            return None
        try:
            read = self.reads[file] = Read(digest, _loaded(written, file))
        except UnreadableError:
            return None
        self._written[digest] = written
        return read

    def read(self, file: str) -> Read:
        """Return what reading and gating ``file`` gives."""
        known = self.scanned(file)
        if known is None:
            known = read_and_scan(file)
            self.keep(file, known)
        return known

    def read_anew(self, file: str) -> Read:
        """Return what reading and gating ``file`` gives, without a look at what earlier runs have read."""
        if file not in self.reads:
            self.keep(file, read_and_scan(file))
        return self.reads[file]

    def keep(self, file: str, read: Read) -> None:
        """Remember what reading and gating a file gave."""
        path = os.path.abspath(file)
        self.mixed |= self.digests.get(path, read.digest) not in {"", read.digest}
        self.digests[path] = read.digest
        self.reads[file] = read
        if read.digest:
            self._written[read.digest] = _dumped(read.result)

    def mark_of(self, file: str) -> str:
        """Return what ``leaklint.cache.standing`` makes of the gate of a file of this run; nothing for a problem."""
        result = self.read(file).result
        return "" if isinstance(result, Problem) else mark_of(result.gate)

    def facts(self, wanted: Wanted) -> Module | Problem | None:
        """Return the facts of a file, if they are known."""
        digest = self.digests.get(wanted.file)
        data = self.folder.read("facts", key_of(digest, wanted.path, wanted.name)) if digest else None
        if data is None:
            return None
        try:
            return _facts().load(data)
        except UnreadableError:
            return None

    def keep_facts(self, wanted: Wanted, digest: str, facts: Module | Problem) -> None:
        """Remember the facts of a file."""
        self.mixed |= digest != self.digests.get(wanted.file)
        if digest and not isinstance(facts, Problem) and (self._keeps_facts or self._pack):
            self.folder.write("facts", key_of(digest, wanted.path, wanted.name), _facts().dump(facts))

    def save(self) -> None:
        """Write the gates of this run's files, all of which it has read, if there are new ones."""
        if self._written.keys() != self._pack.keys():
            self._write("gates", self._written)
            if self._more:
                self._write("more", {})

    def save_more(self) -> None:
        """Write the gates that this run has read, beside those that are there."""
        known = self._pack if "_pack" in self.__dict__ else self._more
        more = self._more | {digest: written for digest, written in self._written.items() if digest not in known}
        if len(more) > _MOST_MORE:
            self._write("gates", self._pack | more)
            self._write("more", {})
        elif more.keys() != self._more.keys():
            self._write("more", more)


@lru_cache(maxsize=1)
def _facts() -> Codec[Module]:
    from leaklint.facts.model import Module

    return Codec(Module)


def _dumped(result: Scanned | Problem) -> bytes:
    if isinstance(result, Problem):
        return json.dumps([result.line, result.message]).encode("ascii")
    return _GATES.dump(result.gate)


def _loaded(written: bytes, file: str) -> Scanned | Problem:
    path = relative(file)
    try:
        data = json.loads(written)
        if isinstance(data[0], int):
            return Problem(path, data[0], str(data[1]))
    except (ValueError, LookupError, TypeError) as error:
        raise UnreadableError(str(error)) from error
    return Scanned(os.path.abspath(file), path, *module_name(file), _GATES.load(written))
