"""One file on its way into a run: how it is shown, what its module is called, and what its gate says."""

from __future__ import annotations

import os
from dataclasses import dataclass

from leaklint.cache.keys import digest_of
from leaklint.gate import scan
from leaklint.leaning import Scanned
from leaklint.model import Problem
from leaklint.paths import module_name, relative
from leaklint.source import Source, SourceError, read_bytes


@dataclass(frozen=True, slots=True)
class Read:
    """What reading one file gave, and the digest of the bytes that were read (empty if they could not be)."""

    digest: str
    result: Scanned | Problem


def read_and_scan(file: str) -> Read:
    """Read and gate one file on disk."""
    path = relative(file)
    try:
        data = read_bytes(file)
    except SourceError as error:
        return Read("", Problem(path, error.line, error.message))
    digest = digest_of(data)
    try:
        source = Source.decode(data, path)
        gate = scan(source.tree)
        source.drop_trees()
    except SourceError as error:
        return Read(digest, Problem(path, error.line, error.message))
    return Read(digest, Scanned(os.path.abspath(file), path, *module_name(file), gate))


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
