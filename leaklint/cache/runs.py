"""A check that remembers: where nothing has changed since the last run like it, nothing is read again.

Two things are kept. The whole result, with the state of every file: where nothing has changed, files are only asked for
their times, and where times tell nothing, for their content. And the value flow of files by content
(``leaklint.cache.memory``), for everything else.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from leaklint.cache import answers, standing
from leaklint.cache.codec import Codec, UnreadableError
from leaklint.cache.folder import Folder
from leaklint.cache.keys import key_of, trusts_times
from leaklint.cache.stamps import Times, content_digest, settled, times_of
from leaklint.config import Settings, Verify
from leaklint.digest import digest_of
from leaklint.discovery import discover
from leaklint.model import Finding, Problem, Report, Summary
from leaklint.paths import packages
from leaklint.records import dataclass, replace

if TYPE_CHECKING:
    from leaklint.running import Running


@dataclass(frozen=True, slots=True)
class Result:
    """What a run found. ``seen`` stands for all files as they were, empty if their times cannot be trusted yet.

    ``digests`` are those of the files' contents, in their order; ``places`` stands for the files and their packages;
    ``rests`` is the hash of what ``leaklint.cache.standing`` knows of the run. ``times`` were taken at ``taken``.
    """

    seen: str
    rests: str
    findings: tuple[Finding, ...]
    problems: tuple[Problem, ...]
    analysed: int
    places: str
    digests: tuple[str, ...]
    times: tuple[Times, ...]
    taken: int


_RESULT = Codec(Result)
_NONE: Times = (0, 0, 0, 0)


def check(
    paths: Sequence[str],
    settings: Settings,
    folder: Folder,
    running: Running | None = None,
    looked: tuple[list[str], list[str]] | None = None,
) -> Report:
    """Return what ``leaklint.engine.check`` returns, remembering in ``folder`` what the next run need not do.

    ``looked`` takes the files that were found and the folders that were searched.
    """
    started = time.perf_counter()
    if looked is None:
        files, problems = discover(paths, settings)
        seen = None
    else:
        files, problems, seen = _discovered(paths, settings, looked[1])
        looked[0].extend(files)
    run = _Run(folder, _key(paths, settings), files, problems)
    result = run.as_it_was()
    if result is None:
        from leaklint.collector import collector_off

        with collector_off():
            result = run.by_content() or run.anew(settings, running)
        folder.prune_sometimes()
    if seen is not None and result.rests:
        seen.rests = f"{run.key} {result.rests}"
    answers.look(seen)
    seconds = round(time.perf_counter() - started, 3)
    summary = Summary(len(files), result.analysed, len(result.findings), seconds)
    ordered = sorted({*problems, *result.problems}, key=lambda p: (p.path, p.line, p.message))
    return Report(result.findings, tuple(ordered), summary)


def _discovered(
    paths: Sequence[str], settings: Settings, searched: list[str]
) -> tuple[tuple[str, ...], tuple[Problem, ...], answers.Looked | None]:
    """Return what ``discover`` returns, and what it has looked at unless that changes while it looks."""
    began = time.time_ns()
    files, problems = discover(paths, settings, searched)
    seen = answers.Looked(len(files), searched, [problem.path for problem in problems])
    if seen.is_young(began) and discover(paths, settings) != (files, problems):
        return files, problems, None
    return files, problems, seen


def _key(paths: Sequence[str], settings: Settings) -> str:
    """Return what tells runs apart: where they look and how, but not how fast or what becomes of the findings."""
    return key_of(
        os.getcwd(),
        [str(path) for path in paths],
        replace(settings, verify=Verify(), baseline="", jobs=0),
    )


class _Run:
    """One run, and what is remembered of the last one like it."""

    def __init__(self, folder: Folder, key: str, files: Sequence[str], problems: Sequence[Problem]) -> None:
        self.folder = folder
        self.key = key
        self.files = list(files)
        self.taken = time.time_ns()
        self.times = [times_of(file) for file in self.files]
        self.places = key_of(self.files, list(packages(self.files).values()))
        self.result = self._last()
        self.digests: dict[str, str] = {}

    def _last(self) -> Result | None:
        data = self.folder.read("run", self.key)
        try:
            return _RESULT.load(data) if data is not None else None
        except UnreadableError:
            return None

    def as_it_was(self) -> Result | None:
        """Return the last result if all files are as they were then, by their times."""
        if self.result is None or not self.result.seen or not trusts_times():
            return None
        return self.result if self.result.seen == self._seen() else None

    def _seen(self) -> str:
        """Return what stands for all files by name, place and times, or nothing if a file may change unseen."""
        if any(times is None or not settled(times, self.taken) for times in self.times):
            return ""
        return key_of(self.places, self.times)

    def by_content(self) -> Result | None:
        """Return the last result if all files hold what they held then."""
        last = self.result
        if last is None or last.places != self.places or len(last.digests) != len(self.files):
            return None
        trusting = trusts_times()
        for file, times, before, digest in zip(self.files, self.times, last.times, last.digests, strict=True):
            same = trusting and times == before and settled(before, last.taken)
            self.digests[os.path.abspath(file)] = digest if same else content_digest(file)
        if any(
            self.digests[os.path.abspath(file)] != digest for file, digest in zip(self.files, last.digests, strict=True)
        ):
            return None
        result = replace(last, seen=self._seen(), times=self._times(), taken=self.taken)
        return self._saved(result)

    def _times(self) -> tuple[Times, ...]:
        return tuple(times or _NONE for times in self.times)

    def anew(self, settings: Settings, running: Running | None) -> Result:
        """Analyse the files, with what is known of them, and remember the result."""
        from leaklint.cache.memory import Memory
        from leaklint.engine import Work
        from leaklint.running import Running

        digests = self.digests or {
            os.path.abspath(file): content_digest(file) for file in self.files if self.result is not None
        }
        memory = Memory(self.folder, digests, writes=self.result is not None)
        done = Work(running or Running(), memory=memory).done(self.files, settings)
        found = tuple(memory.digests.get(os.path.abspath(file), "") for file in self.files)
        result = Result(
            self._seen(), "", done.findings, done.problems, done.analysed, self.places, found, self._times(), self.taken
        )
        if memory.mixed or [times_of(file) for file in self.files] != self.times:
            return result
        return self._saved(result)

    def _saved(self, result: Result) -> Result:
        """Remember a result, and return it with what stands for its grounds."""
        content = standing.content_of(result.digests)
        result = replace(result, rests=digest_of(content) if content else "")
        self.folder.write(standing.KIND, self.key, content)
        self.folder.write("run", self.key, _RESULT.dump(result))
        return result
