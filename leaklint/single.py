"""One file at a time, as flake8 and editors ask: the file together with what it imports from its project.

Files of a project import the same files, so what was read of a file is kept for the next one that imports it. Facts are kept
of few files: Python's collector looks at all of them again and again, in a process that is not ours.
"""

from __future__ import annotations

import ast
import os
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from leaklint.cache.keys import digest_of
from leaklint.gate import scan
from leaklint.imported import imported_files
from leaklint.leaning import Scanned
from leaklint.model import Problem, Report, Summary
from leaklint.paths import module_name, relative
from leaklint.source import Source, SourceError, read_bytes

if TYPE_CHECKING:
    from leaklint.analysis import Wanted
    from leaklint.config import Settings
    from leaklint.facts.model import Module

_KEPT, _FACTS = 256, 64  # files of which gate and text are kept, and of which facts are
Row = tuple[int, int, str]  # the line and column of a finding, from 1, and what flake8 says of it


class One:
    """What is known of a file: what its gate says, its text and, once they were asked for, its facts.

    ``changed`` is when the content on disk changed last, in nanoseconds, and ``digest`` its hash; 0 and nothing for a text
    that need not be on disk. ``source`` is there, with its tree, from when it is read until it was checked.
    """

    __slots__ = ("changed", "digest", "facts", "scanned", "source", "text")

    def __init__(self, scanned: Scanned, source: Source) -> None:
        """Take a text that was just gated."""
        self.scanned = scanned
        self.text = source.text
        self.source: Source | None = source
        self.changed = 0
        self.digest = ""
        self.facts: tuple[str, Module] | None = None  # by the name that the module has

    @property
    def place(self) -> tuple[str, str, str, str]:
        """Return what has to be the same for the rest to hold."""
        return (self.scanned.path, self.scanned.root, self.scanned.module, self.text)


_known: dict[str, One] = {}  # by absolute path, the last used last
_read: dict[str, One] = {}  # those with facts, likewise


def check_one(text: str, path: str, settings: Settings) -> Report:
    """Check one text as the file ``path``, together with the files of the project that it imports, on disk."""
    started = time.perf_counter()
    try:
        source = Source(relative(path), text)
        one = _gated(os.path.abspath(path), source)
        report = check_among(one, _around(one, source.tree), settings)
    except SourceError as error:
        return Report((), (Problem(relative(path), error.line, error.message),), Summary(files=1))
    counts = report.summary
    summary = Summary(counts.files, counts.gated, counts.findings, round(time.perf_counter() - started, 3))
    return Report(report.findings, report.problems, summary)


def rows(text: str, tree: ast.Module, path: str, settings: Settings) -> Sequence[Row]:
    """Return what flake8 says of one text, whose ast is ``tree``, as the file ``path``."""
    if not settings.registrars and not admitted(
        text, tree, path
    ):  # a registrar may be called anything: no gate knows it
        return ()
    one = gated(text, tree, path)
    return rows_among(one, _around(one, tree), settings)


def rows_among(one: One, others: Iterable[One], settings: Settings) -> list[Row]:
    """Return what flake8 says of a file that the gate admits, checked together with ``others``."""
    found = check_among(one, others, settings).findings
    return [(finding.line, finding.column, f"{finding.code} {finding.message}") for finding in found]


def admitted(text: str, tree: ast.Module, path: str) -> bool:
    """Tell whether a text, whose ast is ``tree``, is worth reading in full as the file ``path``."""
    one = gated(text, tree, path)
    one.source = None
    return one.scanned.gate.admits


def gated(text: str, tree: ast.Module, path: str) -> One:
    """Gate a text, whose ast is ``tree``, as the file ``path``."""
    source = Source(relative(path), text)
    source.tree = tree
    return _gated(os.path.abspath(path), source)


def read_again(files: Iterable[str]) -> list[One]:
    """Return those of ``files`` that can be read and parsed; each is read once in a process for each of its versions."""
    from leaklint.engine import collector_off

    found = []
    with collector_off():
        for file in files:
            with suppress(OSError, SourceError):
                found.append(_on_disk(file, os.stat(file).st_mtime_ns))
    return found


def check_among(one: One, others: Iterable[One], settings: Settings) -> Report:
    """Check one file together with others."""
    from leaklint.analysis import analysed
    from leaklint.engine import collector_off

    files = {each.scanned.file: each for each in (one, *others)}
    sources: dict[str, Source] = {}

    def facts(wanted: Sequence[Wanted]) -> list[Module | Problem]:
        return [_facts(files[each.file], each.name, sources, files[each.file] is not one) for each in wanted]

    with collector_off():
        done = analysed([each.scanned for each in files.values()], sources, settings, facts)
    for each in files.values():
        each.source = None
    path = one.scanned.path
    own = tuple(finding for finding in done.findings if finding.path == path)
    problems = tuple(problem for problem in done.problems if problem.path == path)
    return Report(own, problems, Summary(1, min(done.gated, 1), len(own)))


def _facts(one: One, name: str, sources: dict[str, Source], keep: bool) -> Module | Problem:
    """Return the facts of a file as the module ``name``, and add its text to ``sources``."""
    from leaklint.analysis import facts_of

    source = sources[one.scanned.file] = one.source or Source(one.scanned.path, one.text)
    known = one.facts[1] if one.facts is not None and one.facts[0] == name else facts_of(source, name)
    if keep and not isinstance(known, Problem):
        one.facts = (name, known)
        for old in _newest(_read, one, _FACTS):
            old.facts = None
    return known


def _around(one: One, tree: ast.Module) -> list[One]:
    """Return the files that a file imports."""
    scanned = one.scanned
    return read_again(imported_files(scanned.file, scanned.root, scanned.module, tree))


def _on_disk(file: str, changed: int) -> One:
    known = _known.get(file)
    if known is not None and known.changed == changed:
        return _kept(known)
    data = read_bytes(file)
    one = _gated(file, Source.decode(data, relative(file)))
    one.changed, one.digest = changed, digest_of(data)
    return one


def _gated(file: str, source: Source) -> One:
    """Return the file as it is known if it has this very text and place, else gate it."""
    known, (root, module) = _known.get(file), module_name(file)
    if known is None or known.place != (source.path, root, module, source.text):
        known = One(Scanned(file, source.path, root, module, scan(source.tree)), source)
    known.source = source
    return _kept(known)


def _kept(one: One) -> One:
    """Keep a file in the place of the one that nobody has asked for the longest."""
    _newest(_known, one, _KEPT)
    return one


def _newest(table: dict[str, One], one: One, most: int) -> list[One]:
    """Put a file at the end of ``table``, and return those that have to leave it for that."""
    table.pop(one.scanned.file, None)
    table[one.scanned.file] = one
    return [table.pop(next(iter(table))) for _ in range(len(table) - most)]
