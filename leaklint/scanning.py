"""One file on its way into a run: how it is shown, what its module is called, and what its gate says."""

from __future__ import annotations

import os

from leaklint.analysis import facts_of
from leaklint.cache.keys import digest_of
from leaklint.gate import scan
from leaklint.leaning import Scanned
from leaklint.model import Problem
from leaklint.paths import is_test, module_name, relative
from leaklint.records import dataclass
from leaklint.source import Source, SourceError, read_bytes

TYPE_CHECKING = False  # typing's own would load typing
if TYPE_CHECKING:
    from leaklint.facts.model import Module


@dataclass(frozen=True, slots=True)
class Read:
    """What reading one file gave, and the digest of the bytes that were read (empty if they could not be).

    ``facts`` are those of a file that was read in full at once, since it can hold a leak by itself.
    """

    digest: str
    result: Scanned | Problem
    facts: Module | Problem | None = None


def read_and_scan(file: str) -> Read:
    """Read and gate one file on disk."""
    return _read(file)


def read_and_follow(file: str) -> Read:
    """Read and gate one file on disk, and read it in full if it can hold a leak by itself: its ast is there already."""
    return _read(file, follow=True)


def _read(file: str, *, follow: bool = False) -> Read:
    path = relative(file)
    try:
        data = read_bytes(file)
    except SourceError as error:
        return Read("", Problem(path, error.line, error.message))
    digest = digest_of(data)
    try:
        source = Source.decode(data, path)
        one = Scanned(os.path.abspath(file), path, *module_name(file), scan(source.tree))
    except SourceError as error:
        return Read(digest, Problem(path, error.line, error.message))
    facts = facts_of(source, one.module) if follow and one.gate.admits and not is_test(path) else None
    source.drop_trees()
    return Read(digest, one, facts)


def scan_file(file: str, text: str | None = None) -> tuple[Scanned, Source] | Problem:
    """Read and gate one file, or ``text`` in its place."""
    shown_path = relative(file)
    try:
        source = Source.read(file, shown_path) if text is None else Source(shown_path, text)
        gate = scan(source.tree)
        source.drop_trees()
    except SourceError as error:
        return Problem(shown_path, error.line, error.message)
    return Scanned(os.path.abspath(file), shown_path, *module_name(file), gate), source
