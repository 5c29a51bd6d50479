"""One file at a time, as flake8 and editors ask: the file together with what it imports from its project.

Files of a project import the same files, so what was read of a file is kept for the next one that imports it.
"""

from __future__ import annotations

import ast
import os
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from leaklint.cache.keys import digest_of
from leaklint.gate import scan
from leaklint.imported import imported_files
from leaklint.leaning import Scanned
from leaklint.model import Problem, Report, Summary
from leaklint.paths import module_name, relative
from leaklint.source import Source, SourceError, read_bytes

if TYPE_CHECKING:
    from leaklint.config import Settings

_KEPT = 256  # files
Row = tuple[int, int, str]  # the line and column of a finding, from 1, and what flake8 says of it


class One(NamedTuple):
    """A file that was gated, and its text, with which its facts are kept.

    ``changed`` is when the content on disk changed last, in nanoseconds, and ``digest`` its hash; 0 and nothing for a text
    that need not be on disk.
    """

    scanned: Scanned
    source: Source
    changed: int = 0
    digest: str = ""


_known: dict[str, One] = {}  # by absolute path, the last used last


def check_one(text: str, path: str, settings: Settings) -> Report:
    """Check one text as the file ``path``, together with the files of the project that it imports, on disk."""
    started = time.perf_counter()
    try:
        one = gated(text, path)
    except SourceError as error:
        return Report((), (Problem(relative(path), error.line, error.message),), Summary(files=1))
    report = check_among(one, _around(one, one.source.tree), settings)
    counts = report.summary
    summary = Summary(counts.files, counts.gated, counts.findings, round(time.perf_counter() - started, 3))
    return Report(report.findings, report.problems, summary)


def rows(text: str, tree: ast.Module, path: str, settings: Settings) -> Sequence[Row]:
    """Return what flake8 says of one text, whose ast is ``tree``, as the file ``path``."""
    if not settings.registrars and not admitted(
        text, tree, path
    ):  # a registrar may be called anything: no gate knows it
        return ()
    one = gated(text, path, tree)
    return rows_among(one, _around(one, tree), settings)


def rows_among(one: One, others: Iterable[One], settings: Settings) -> list[Row]:
    """Return what flake8 says of a file that the gate admits, checked together with ``others``."""
    found = check_among(one, others, settings).findings
    return [(finding.line, finding.column, f"{finding.code} {finding.message}") for finding in found]


def admitted(text: str, tree: ast.Module, path: str) -> bool:
    """Tell whether a text, whose ast is ``tree``, is worth reading in full as the file ``path``."""
    one = gated(text, path, tree)
    one.source.drop_trees()
    return one.scanned.gate.admits


def gated(text: str, path: str, tree: ast.Module | None = None) -> One:
    """Gate a text as the file ``path``. ``tree`` is its ast, where there is one. Raises ``SourceError``."""
    source = Source(relative(path), text)
    if tree is not None:
        source.tree = tree
    one = _gated(os.path.abspath(path), source)
    if tree is not None:
        one.source.tree = tree
    return one


def read_again(files: Iterable[str]) -> list[One]:
    """Return those of ``files`` that can be read and parsed; each is read once in a process for each of its versions."""
    from leaklint.engine import collector_off

    found = []
    with collector_off():
        for file in files:
            with suppress(OSError, SourceError):
                found.append(_kept(_on_disk(file, os.stat(file).st_mtime_ns)))
    return found


def check_among(one: One, others: Iterable[One], settings: Settings) -> Report:
    """Check one file together with others."""
    from leaklint.analysis import analysed
    from leaklint.engine import collector_off

    files = [one, *others]
    with collector_off():
        done = analysed([each.scanned for each in files], {each.scanned.file: each.source for each in files}, settings)
    for each in files:
        each.source.drop_trees()
    path = one.scanned.path
    own = tuple(finding for finding in done.findings if finding.path == path)
    problems = tuple(problem for problem in done.problems if problem.path == path)
    return Report(own, problems, Summary(1, min(done.gated, 1), len(own)))


def _around(one: One, tree: ast.Module) -> list[One]:
    """Return the files that a file imports."""
    scanned = one.scanned
    return read_again(imported_files(scanned.file, scanned.root, scanned.module, tree))


def _on_disk(file: str, changed: int) -> One:
    known = _known.get(file)
    if known is not None and known.changed == changed:
        return known
    data = read_bytes(file)
    return _gated(file, Source.decode(data, relative(file)))._replace(changed=changed, digest=digest_of(data))


def _gated(file: str, source: Source) -> One:
    """Return the file as it is known if it has this very text and place, else gate it."""
    known, (root, module) = _known.get(file), module_name(file)
    place = (source.path, root, module, source.text)
    if known is not None and (known.scanned.path, known.scanned.root, known.scanned.module, known.source.text) == place:
        return _kept(known)
    return _kept(One(Scanned(file, source.path, root, module, scan(source.tree)), source))


def _kept(one: One) -> One:
    """Keep a file in the place of the one that nobody has asked for the longest."""
    file = one.scanned.file
    _known.pop(file, None)
    _known[file] = one
    if len(_known) > _KEPT:
        del _known[next(iter(_known))]
    return one
