"""From paths to findings: discover, gate, facts, program, rules, suppression."""

from __future__ import annotations

import gc
import os
import time
from contextlib import contextmanager, suppress
from importlib import import_module

from leaklint.analysis import Analysis, Wanted, analysed, read_facts
from leaklint.config import Settings
from leaklint.discovery import discover
from leaklint.leaning import Scanned
from leaklint.model import Finding, Problem, Report, Summary
from leaklint.paths import module_name, relative
from leaklint.pool import cpus, each
from leaklint.records import replace
from leaklint.running import Running
from leaklint.scanning import Read, read_and_follow, scan_file
from leaklint.single import check_one
from leaklint.source import Source

TYPE_CHECKING = False  # typing's own would load typing
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from typing import Protocol

    from leaklint.facts.model import Module

    class Remembers(Protocol):
        """What earlier runs have read. Nothing that it gives differs from what reading the file would give."""

        def scanned(self, file: str) -> Read | None:
            """Return what reading and gating ``file`` gives, if that is known."""
            ...

        def facts(self, wanted: Wanted) -> Module | Problem | None:
            """Return the facts of a file that ``scanned`` or ``keep`` was asked about, if they are known."""
            ...

        def keep(self, file: str, read: Read) -> None:
            """Remember what reading and gating a file gave."""
            ...

        def keep_facts(self, wanted: Wanted, digest: str, facts: Module | Problem) -> None:
            """Remember the facts of a file with the digest of the bytes they were read from."""
            ...


__all__ = ["Running", "Scanned", "Work", "analyse", "check", "check_one", "module_name", "relative", "with_findings"]

_SCAN, _READ = 1_500_000, 500_000  # bytes below which further processes cost more than they save


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
    return Report(done.findings, ordered, Summary(files, done.gated, len(done.findings), seconds))


class Work:
    """One run over files: what it asks of other processes and of its memory."""

    def __init__(
        self, running: Running, texts: Mapping[str, str] | None = None, memory: Remembers | None = None
    ) -> None:
        """Take what the run needs; nothing is read yet."""
        self.running = running
        self.texts = texts or {}
        self.memory = memory
        self._early: dict[Wanted, tuple[str, Module | Problem]] = {}  # facts that came with the gates
        self._each = running.spread.each if running.spread is not None else each

    def done(self, files: Sequence[str], settings: Settings) -> Analysis:
        """Return the analysis of ``files``, with the problems of those that cannot be read."""
        sources: dict[str, Source] = {}
        results: dict[str, Scanned | Problem] = {}
        for file in map(str, files):
            text = self.texts.get(os.path.abspath(file))
            if text is not None:
                found = scan_file(file, text)
                results[file] = found if isinstance(found, Problem) else found[0]
                if not isinstance(found, Problem):
                    sources[found[0].file] = found[1]
        self._scan([str(file) for file in files if str(file) not in results], results)
        ordered = [results[str(file)] for file in files]
        scanned = [one for one in ordered if isinstance(one, Scanned)]
        done = analysed(scanned, sources, settings, self.facts)
        return replace(done, problems=(*(one for one in ordered if isinstance(one, Problem)), *done.problems))

    def _scan(self, files: Sequence[str], results: dict[str, Scanned | Problem]) -> None:
        """Fill ``results`` from memory and from disk."""
        unknown = []
        for file in files:
            known = self.memory.scanned(file) if self.memory is not None else None
            if known is None:
                unknown.append(file)
            else:
                results[file] = known.result
        jobs = self._jobs(unknown, _SCAN)
        if jobs > 1:
            import_module("leaklint.facts.read")  # once, before processes are forked from this one
        reads = self._each(read_and_follow, unknown, jobs, self._ticking("reading", len(unknown)))
        for file, read in zip(unknown, reads, strict=True):
            one = results[file] = read.result
            if isinstance(one, Scanned) and read.facts is not None:
                self._early[Wanted(one.file, one.path, one.module)] = (read.digest, read.facts)
            if self.memory is not None:
                self.memory.keep(file, replace(read, facts=None))

    def facts(self, wanted: Sequence[Wanted]) -> list[Module | Problem]:
        """Return the facts of files, or why they have none; see ``leaklint.analysis.Reads``."""
        early = [self._early.pop(one, None) for one in wanted]
        known = [
            self.memory.facts(one) if self.memory is not None and found is None else None
            for one, found in zip(wanted, early, strict=True)
        ]
        unknown = [one for one, *found in zip(wanted, early, known, strict=True) if found == [None, None]]
        jobs = self._jobs([one.file for one in unknown], _READ)
        if unknown:
            import_module("leaklint.facts.read")  # once, before processes are forked from this one
        late = iter(self._each(read_facts, unknown, jobs, self._ticking("following", len(unknown))))
        result: list[Module | Problem] = []
        for one, found, facts in zip(wanted, early, known, strict=True):
            if facts is None:
                digest, facts = found or next(late)
                if self.memory is not None:
                    self.memory.keep_facts(one, digest, facts)
            result.append(facts)
        return result

    def _jobs(self, files: Sequence[str], least: int) -> int:
        if self.running.jobs == 1 or len(files) < 2:
            return 1
        return (self.running.jobs or cpus()) if _size(files, least) >= least else 1

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


@contextmanager
def collector_off() -> Iterator[None]:
    """Trees hold no cycles that matter, and a full collection walks all of them: three times the run's cost."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def analyse(
    scanned: Sequence[Scanned], sources: dict[str, Source], settings: Settings
) -> tuple[tuple[Finding, ...], int, list[Problem]]:
    """Return findings, the number of files read in full, and problems; see ``leaklint.analysis``."""
    result = analysed(scanned, sources, settings)
    return result.findings, result.gated, list(result.problems)


def with_findings(report: Report, findings: Sequence[Finding]) -> Report:
    """Return ``report`` with other findings and the count put right."""
    return replace(report, findings=tuple(findings), summary=replace(report.summary, findings=len(findings)))
