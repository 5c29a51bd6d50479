"""From paths to findings: discover, read the value flow of files, ask the heap, let the rules speak, suppress."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from importlib import import_module
from typing import TYPE_CHECKING

from leaklint.analysis import Analysis, analysed
from leaklint.collector import collector_off
from leaklint.config import Settings
from leaklint.discovery import discover
from leaklint.model import Finding, Problem, Report, Summary
from leaklint.paths import module_name, relative
from leaklint.pool import cpus, each
from leaklint.reading import Read, read_file, read_source
from leaklint.records import replace
from leaklint.running import Running
from leaklint.single import check_one
from leaklint.source import Source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from typing import Protocol

    class Remembers(Protocol):
        """What earlier runs have read. Nothing that it gives differs from what reading the file would give."""

        def read(self, file: str) -> Read | None:
            """Return what reading ``file`` gives, if that is known."""
            ...

        def keep(self, file: str, read: Read) -> None:
            """Remember what reading a file gave."""
            ...


__all__ = ["Running", "Work", "check", "check_one", "module_name", "relative", "with_findings"]

_READ = 500_000  # bytes below which further processes cost more than they save


def check(
    paths: Sequence[str | os.PathLike[str]],
    settings: Settings,
    texts: Mapping[str, str] | None = None,
    running: Running | None = None,
) -> Report:
    """Check files and folders. Unreadable files become problems; findings are sorted by place.

    ``texts`` gives, by absolute path, what is to be read in the place of a file's content on disk.
    """
    with collector_off():
        started = time.perf_counter()
        files, problems = discover(paths, settings)
        done = Work(running or Running(), texts or {}).done(files, settings)
        return report_of(len(files), (*problems, *done.problems), done, started)


def report_of(files: int, problems: Iterable[Problem], done: Analysis, started: float) -> Report:
    """Return what a run says that read so many files and began at ``started`` (``time.perf_counter``)."""
    seconds = round(time.perf_counter() - started, 3)
    ordered = tuple(sorted(set(problems), key=lambda p: (p.path, p.line, p.message)))
    return Report(done.findings, ordered, Summary(files, done.analysed, len(done.findings), seconds))


class Work:
    """One run over files: what it asks of other processes and of its memory."""

    def __init__(
        self, running: Running, texts: Mapping[str, str] | None = None, memory: Remembers | None = None
    ) -> None:
        """Take what the run needs; nothing is read yet."""
        self.running = running
        self.texts = texts or {}
        self.memory = memory
        self._each = running.spread.each if running.spread is not None else each

    def done(self, files: Sequence[str], settings: Settings) -> Analysis:
        """Return the analysis of ``files``, with the problems of those that cannot be read."""
        sources: dict[str, Source] = {}
        reads: dict[str, Read] = {}
        for file in map(str, files):
            text = self.texts.get(os.path.abspath(file))
            if text is not None:
                source = Source(relative(file), text)
                reads[file] = read_source(file, source)
                sources[reads[file].file] = source
        self._read([str(file) for file in files if str(file) not in reads], reads)
        return analysed([reads[str(file)] for file in files], sources, settings)

    def _read(self, files: Sequence[str], reads: dict[str, Read]) -> None:
        """Fill ``reads`` from memory and from disk."""
        unknown = []
        for file in files:
            known = self.memory.read(file) if self.memory is not None else None
            if known is None:
                unknown.append(file)
            else:
                reads[file] = known
        jobs = self._jobs(unknown)
        if jobs > 1:
            import_module("leaklint.flow.read")  # once, before processes are forked from this one
        new = self._each(read_file, unknown, jobs, self._ticking("reading", len(unknown)))
        for file, read in zip(unknown, new, strict=True):
            reads[file] = read
            if self.memory is not None:
                self.memory.keep(file, read)

    def _jobs(self, files: Sequence[str]) -> int:
        if self.running.jobs == 1 or len(files) < 2:
            return 1
        return (self.running.jobs or cpus()) if _size(files, _READ) >= _READ else 1

    def _ticking(self, stage: str, total: int) -> Callable[[int], None] | None:
        tick, done = self.running.tick, 0
        if tick is None:
            return None

        def count(new: int) -> None:
            nonlocal done
            done += new
            tick(stage, done, total)

        return count


def _size(files: Sequence[str], enough: int) -> int:
    """Return how many bytes the files hold together, counted no further than ``enough``."""
    total = 0
    for file in files:
        with suppress(OSError):
            total += os.path.getsize(file)
        if total >= enough:
            break
    return total


def with_findings(report: Report, findings: Sequence[Finding]) -> Report:
    """Return ``report`` with other findings and the count put right."""
    return replace(report, findings=tuple(findings), summary=replace(report.summary, findings=len(findings)))
