"""A check that remembers: what has not changed since the last run like it is not read again.

Three things are kept. The whole result, with the state of every file: where nothing has changed, files are only asked for
their times. What the result rests on: where a changed file is none of those that were read in full, and gives no reason to
read others, the findings stand. And gates and facts by content (``leaklint.cache.memory``), for everything else.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from leaklint.cache import answers, standing
from leaklint.cache.codec import Codec, UnreadableError
from leaklint.cache.folder import Folder
from leaklint.cache.keys import digest_of, key_of, trusts_times
from leaklint.cache.stamps import Times, content_digest, settled, times_of
from leaklint.config import Settings, Verify
from leaklint.discovery import discover
from leaklint.model import Finding, Problem, Report, Summary
from leaklint.offers import Offer
from leaklint.paths import is_test, packages, relative
from leaklint.records import dataclass, replace

if TYPE_CHECKING:
    from leaklint.analysis import Analysis, Asked
    from leaklint.cache.memory import Memory
    from leaklint.running import Running


@dataclass(frozen=True, slots=True)
class Result:
    """What a run found. ``seen`` stands for all files as they were, empty if their times cannot be trusted yet.

    ``rests`` is the hash of what ``leaklint.cache.standing`` knows of the run.
    """

    seen: str
    rests: str
    findings: tuple[Finding, ...]
    problems: tuple[Problem, ...]
    gated: int


@dataclass(frozen=True, slots=True)
class Row:
    """A file of a run: its times when it was read, its content, what its gate says, and its own problem."""

    file: str
    times: Times
    digest: str
    place: str
    gate: str
    problem: Problem | None


@dataclass(frozen=True, slots=True)
class Grounds:
    """On what a result rests; see ``leaklint.analysis.Analysis``. ``taken`` is when the times were taken."""

    taken: int
    rows: tuple[Row, ...]
    first: tuple[str, ...]
    read: tuple[str, ...]
    used: frozenset[str]
    defined: frozenset[str]
    changed: tuple[tuple[str, str], ...]
    offers: tuple[Offer, ...]
    problems: tuple[Problem, ...]


_RESULT, _GROUNDS = Codec(Result), Codec(Grounds)
_NONE: Times = (0, 0, 0, 0)
_FEW = 64  # files that are read sooner than what is remembered of all


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
        from leaklint.engine import collector_off

        with collector_off():
            result = run.still() if not (settings.registrars or settings.observed) else None
            result = result or run.anew(settings, running)
        folder.prune_sometimes()
    if seen is not None and result.rests:
        seen.rests = f"{run.key} {result.rests}"
    answers.look(seen)
    seconds = round(time.perf_counter() - started, 3)
    summary = Summary(len(files), result.gated, len(result.findings), seconds)
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
        self.places = packages(self.files)
        self.result, self._rest = self._last()

    def _last(self) -> tuple[Result | None, bytes]:
        data = self.folder.read("run", self.key)
        if data is None:
            return None, b""
        head, _, rest = data.partition(b"\n")
        try:
            return _RESULT.load(head), rest
        except UnreadableError:
            return None, b""

    def as_it_was(self) -> Result | None:
        """Return the last result if all files are as they were then, by their times."""
        if self.result is None or not self.result.seen or not trusts_times():
            return None
        return self.result if self.result.seen == self._seen() else None

    def _seen(self) -> str:
        """Return what stands for all files by name, place and times, or nothing if a file may change unseen."""
        if any(times is None or not settled(times, self.taken) for times in self.times):
            return ""
        return key_of(self.files, self.times, list(self.places.values()))

    def still(self) -> Result | None:
        """Return the last findings if what has changed cannot change them."""
        grounds = self._grounds()
        if grounds is None or self.result is None:
            return None
        from leaklint.cache.memory import Memory

        memory = Memory(self.folder, self.key, self._digests(grounds))
        before = {row.file: row for row in grounds.rows}
        fresh = [file for file in self.files if self._differs(before.get(file), file, memory)]
        if not self._stands(grounds, before, fresh, memory):
            return None
        old = before.keys() - set(fresh)
        rows = [
            replace(before[file], times=times or _NONE) if file in old else self._row(file, times, memory)
            for file, times in zip(self.files, self.times, strict=True)
        ]
        problems = (*(row.problem for row in rows if row.problem is not None), *grounds.problems)
        result = replace(self.result, seen=self._seen(), problems=problems)
        memory.save_more()
        return self._saved(result, replace(grounds, taken=self.taken, rows=tuple(rows)))

    def _grounds(self) -> Grounds | None:
        try:
            return _GROUNDS.load(self._rest) if self._rest else None
        except UnreadableError:
            return None

    def _digests(self, grounds: Grounds | None) -> dict[str, str]:
        """Return the digest of each file that is as it was by its times, and else of what it holds now."""
        rows = {row.file: row for row in grounds.rows} if grounds is not None else {}
        trusting = trusts_times()
        digests = {}
        for file, times in zip(self.files, self.times, strict=True):
            row = rows.get(file)
            known = row is not None and grounds is not None and row.times == times and settled(row.times, grounds.taken)
            if row is not None:  # the content of a file that no run has read is hashed where it is read
                digests[os.path.abspath(file)] = row.digest if known and trusting else content_digest(file)
        return digests

    def _stands(self, grounds: Grounds, before: dict[str, Row], fresh: Sequence[str], memory: Memory) -> bool:
        """Tell whether the last findings hold, although the ``fresh`` files are new or changed, and others gone."""
        gone = before.keys() - set(self.files)
        read = frozenset(grounds.read)
        if any(os.path.abspath(file) in read for file in (*fresh, *gone)):
            return False
        if not fresh and not gone:
            return True
        from leaklint.analysis import answers as matters
        from leaklint.leaning import Scanned

        asked = _asked(grounds)
        same = all(is_test(relative(file)) for file in gone)
        read_one = memory.read_anew if len(fresh) <= _FEW else memory.read
        for file in fresh:
            found = read_one(file).result
            if is_test(relative(file)):
                continue  # no analysis looks at it
            if isinstance(found, Scanned) and matters(found, asked, _text):
                return False
            row = before.get(file)
            same &= row is not None and row.place == self.places[file] and row.gate == memory.mark_of(file)
        return same or self._same_first(grounds, memory)

    def _same_first(self, grounds: Grounds, memory: Memory) -> bool:
        """Tell whether the gates would choose the same files again."""
        from leaklint.leaning import Scanned, leaning

        results = (memory.read(file).result for file in self.files)
        scanned = [one for one in results if isinstance(one, Scanned) and not is_test(one.path)]
        return tuple(one.file for one in leaning(scanned)) == grounds.first

    def _differs(self, row: Row | None, file: str, memory: Memory) -> bool:
        if row is None or not row.digest:
            return True
        return row.place != self.places[file] or row.digest != memory.digests.get(os.path.abspath(file))

    def anew(self, settings: Settings, running: Running | None) -> Result:
        """Analyse the files, with what is known of them, and remember the result."""
        from leaklint.cache.memory import Memory
        from leaklint.engine import Work
        from leaklint.running import Running

        memory = Memory(self.folder, self.key, self._digests(self._grounds()))
        done = Work(running or Running(), memory=memory).done(self.files, settings)
        result = Result(self._seen(), "", done.findings, done.problems, done.gated)
        if memory.mixed or [times_of(file) for file in self.files] != self.times:
            return result
        memory.save()
        return self._saved(result, self._resting(done, memory))

    def _resting(self, done: Analysis, memory: Memory) -> Grounds:
        rows = tuple(self._row(file, times, memory) for file, times in zip(self.files, self.times, strict=True))
        own = {row.problem for row in rows}
        return Grounds(
            taken=self.taken,
            rows=rows,
            first=done.first,
            read=done.read,
            used=done.asked.used,
            defined=done.asked.defined,
            changed=tuple(sorted(done.asked.changed)),
            offers=tuple(sorted(done.asked.offers, key=lambda offer: [sorted(names) for names in offer.names])),
            problems=tuple(problem for problem in done.problems if problem not in own),
        )

    def _row(self, file: str, times: Times | None, memory: Memory) -> Row:
        found = memory.read(file)
        return Row(
            file=file,
            times=times or _NONE,
            digest=found.digest,
            place=self.places[file],
            gate=memory.mark_of(file),
            problem=found.result if isinstance(found.result, Problem) else None,
        )

    def _saved(self, result: Result, grounds: Grounds) -> Result:
        """Remember a result, and return it with what stands for its grounds."""
        content = standing.content_of(self._kinds(grounds), _asked(grounds))
        result = replace(result, rests=digest_of(content) if content else "")
        self.folder.write(standing.KIND, self.key, content)
        self.folder.write("run", self.key, _RESULT.dump(result) + b"\n" + _GROUNDS.dump(grounds))
        return result

    def _kinds(self, grounds: Grounds) -> list[tuple[int, str]]:
        """Return for each file what it is for the result, and what stands for its gate."""
        read = frozenset(grounds.read)
        here = os.path.join(os.getcwd(), "")
        kinds = []
        for row in grounds.rows:
            inside = not os.path.isabs(row.file) and not row.file.startswith(os.pardir)
            path = here + row.file if inside else os.path.abspath(row.file)
            if row.problem is not None:
                kinds.append((standing.PROBLEM, ""))
            elif path in read:
                kinds.append((standing.READ, row.gate))
            else:
                test = is_test(row.file if inside else relative(row.file))
                kinds.append((standing.TEST if test else standing.PLAIN, row.gate))
        return kinds


def _asked(grounds: Grounds) -> Asked:
    from leaklint.analysis import Asked

    return Asked(grounds.used, grounds.defined, frozenset(grounds.changed), frozenset(grounds.offers))


def _text(one: Any) -> str:
    from leaklint.source import Source, SourceError

    try:
        return Source.read(one.file, one.path).text
    except SourceError:
        return ""
