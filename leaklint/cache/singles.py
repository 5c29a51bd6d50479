"""What flake8 is told of a file, remembered for the same text among the same files.

flake8 asks for one file at a time, so this imports next to nothing before a file has to be read.
"""

from __future__ import annotations

import json
import os
from functools import lru_cache
from typing import TYPE_CHECKING

from leaklint.cache.keys import key_of
from leaklint.cache.stamps import content_digest
from leaklint.digest import digest_of
from leaklint.imported import imported_files
from leaklint.paths import module_name

if TYPE_CHECKING:
    import ast
    from collections.abc import Sequence

    from leaklint.cache.folder import Folder
    from leaklint.config import Settings
    from leaklint.single import Row

KIND = "single"


class Singles:
    """A memory of files that are checked one at a time."""

    def __init__(self, folder: Folder) -> None:
        """Look into ``folder``, once for all files."""
        self._folder = folder

    def rows(self, text: str, tree: ast.Module, path: str, settings: Settings) -> Sequence[Row]:
        """Return what ``leaklint.single.rows`` returns."""
        file, (root, module) = os.path.abspath(path), module_name(path)
        around = {other: _digest(other) for other in imported_files(file, root, module, tree)}
        places = [(other, module_name(other), digest) for other, digest in around.items()]
        own = digest_of(text.encode("utf-8", "surrogatepass"))
        key = key_of(os.getcwd(), file, root, module, own, settings, places)
        known = _loaded(self._folder.read(KIND, key))
        if known is not None:
            return known
        from leaklint.single import read_again, rows_among

        others = read_again(around)
        rows = rows_among(text, path, others, settings)
        same = all(other.digest == around[other.file] for other in others)
        if same and all(_digest(other) == digest for other, digest in around.items()):  # else one has changed just now
            self._folder.write(KIND, key, json.dumps(rows).encode("ascii"))
            self._folder.prune_sometimes()
        return rows


def _loaded(data: bytes | None) -> Sequence[Row] | None:
    """Return the rows of an entry, or None if it holds none."""
    try:
        return (
            None if data is None else [(int(line), int(column), str(text)) for line, column, text in json.loads(data)]
        )
    except (ValueError, TypeError, RecursionError):
        return None


def _digest(file: str) -> str:
    try:
        return _digest_at(file, os.stat(file).st_mtime_ns)
    except OSError:
        return ""


@lru_cache(maxsize=4096)
def _digest_at(file: str, changed: int) -> str:
    """Hash a file once in a process for each of its versions."""
    return content_digest(file)
