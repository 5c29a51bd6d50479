"""One file at a time, as flake8 and editors ask: the file together with what it imports from its project.

Files of a project import the same files, so the value flow of a file is kept for the next one that imports it.
"""

from __future__ import annotations

import ast
import os
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from leaklint.imported import imported_files
from leaklint.model import Problem, Report, Summary
from leaklint.paths import relative
from leaklint.reading import Read, read_file, read_source
from leaklint.source import Source, SourceError

if TYPE_CHECKING:
    from leaklint.config import Settings

_KEPT = 256  # files whose value flow is kept
Row = tuple[int, int, str]  # the line and column of a finding, from 1, and what flake8 says of it
_known: dict[str, tuple[int, Read]] = {}  # by absolute path: when the content changed, and what it gave


def check_one(text: str, path: str, settings: Settings) -> Report:
    """Check one text as the file ``path``, together with the files of the project that it imports, on disk."""
    started = time.perf_counter()
    source = Source(relative(path), text)
    try:
        tree = source.tree
    except SourceError as error:
        return Report((), (Problem(relative(path), error.line, error.message),), Summary(files=1))
    report = check_among(text, path, around(path, tree), settings)
    counts = report.summary
    summary = Summary(counts.files, counts.gated, counts.findings, round(time.perf_counter() - started, 3))
    return Report(report.findings, report.problems, summary)


def rows(text: str, tree: ast.Module, path: str, settings: Settings) -> Sequence[Row]:
    """Return what flake8 says of one text, whose ast is ``tree``, as the file ``path``."""
    return rows_among(text, path, around(path, tree), settings)


def rows_among(text: str, path: str, others: Iterable[Read], settings: Settings) -> list[Row]:
    """Return what flake8 says of a text, checked as the file ``path`` together with ``others``."""
    found = check_among(text, path, others, settings).findings
    return [(finding.line, finding.column, f"{finding.code} {finding.message}") for finding in found]


def around(path: str, tree: ast.Module) -> list[Read]:
    """Return the files of the project that a file, whose ast is ``tree``, imports."""
    from leaklint.paths import module_name

    return read_again(imported_files(os.path.abspath(path), *module_name(path), tree))


def read_again(files: Iterable[str]) -> list[Read]:
    """Return those of ``files`` that can be read and parsed; each is read once in a process for each of its versions."""
    from leaklint.collector import collector_off

    found = []
    with collector_off():
        for file in files:
            with suppress(OSError):
                read = _on_disk(file, os.stat(file).st_mtime_ns)
                if read.problem is None:
                    found.append(read)
    return found


def check_among(text: str, path: str, others: Iterable[Read], settings: Settings) -> Report:
    """Check one text together with other files."""
    from leaklint.analysis import analysed
    from leaklint.collector import collector_off

    source = Source(relative(path), text)
    with collector_off():
        one = read_source(path, source)
        reads = [one, *(other for other in others if other.file != one.file)]
        done = analysed(reads, {one.file: source}, settings)
    own = tuple(finding for finding in done.findings if finding.path == one.path)
    problems = tuple(problem for problem in done.problems if problem.path == one.path)
    return Report(own, problems, Summary(1, min(done.analysed, 1), len(own)))


def _on_disk(file: str, changed: int) -> Read:
    known = _known.pop(file, None)
    if known is None or known[0] != changed:
        known = (changed, read_file(file))
    _known[file] = known
    while len(_known) > _KEPT:
        _known.pop(next(iter(_known)))
    return known[1]
