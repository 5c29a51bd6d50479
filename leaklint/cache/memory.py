"""What earlier runs have read of the files of a run: the value flow of a file each in an entry of its own.

Everything is kept under a digest of the content that it was read from, so nothing is ever out of date.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from leaklint.cache.keys import key_of
from leaklint.paths import is_test, module_name, relative
from leaklint.reading import Read

if TYPE_CHECKING:
    from leaklint.cache.folder import Folder

_KIND = "flow"


class Memory:
    """See ``leaklint.engine.Remembers``. ``digests`` gives the digest of a file's content where that is known.

    The first run over a project writes nothing, since many a project is never read again; ``writes`` tells that this is
    not the first.
    """

    def __init__(self, folder: Folder, digests: dict[str, str], *, writes: bool) -> None:
        """Look into ``folder``."""
        self.folder = folder
        self.digests = digests
        self.writes = writes
        self.mixed = False  # a file has changed while it was read

    def read(self, file: str) -> Read | None:
        """Return what reading ``file`` gives, if that is known."""
        absolute, path = os.path.abspath(file), relative(file)
        digest = self.digests.get(absolute, "")
        root, module = module_name(file)
        data = self.folder.read(_KIND, key_of(digest, path, module)) if digest and not is_test(path) else None
        if data is None:
            return None
        from leaklint.flow.stored import UnreadableFlowError, loaded

        try:
            return Read(digest, absolute, path, root, module, loaded(data))
        except UnreadableFlowError:
            return None

    def keep(self, file: str, read: Read) -> None:
        """Remember what reading a file gave."""
        self.mixed |= self.digests.get(os.path.abspath(file), read.digest) not in {"", read.digest}
        self.digests[os.path.abspath(file)] = read.digest
        if self.writes and read.digest and read.flow is not None and read.problem is None:
            from leaklint.flow.stored import dumped

            data = dumped(read.flow)
            if data is not None:
                self.folder.write(_KIND, key_of(read.digest, read.path, read.module), data)
