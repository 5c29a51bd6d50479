"""From findings to rewritten files: which repairs are made, what the files then say, and whether the leak is gone.

``plan`` reads and writes nothing but text in memory: it puts repairs into effect, checks the result again, and drops every
repair whose finding is still there or that brings a new one. ``leaklint.writing`` puts a plan on the disk.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from leaklint.config import LEVELS, Settings
from leaklint.discovered.joined import is_same
from leaklint.model import Edit, Finding, Problem, Report
from leaklint.records import replace
from leaklint.source import Source, SourceError

_PASSES = 8  # how often what one repair had to wait for is tried again
Check = Callable[[Sequence[str], Settings, Mapping[str, str]], Report]


def _no_obstacle(path: str) -> str:
    return ""


@dataclass(frozen=True, slots=True)
class FixOptions:
    """Which repairs are made: ``unsafe`` admits those that assume something. ``paths`` are the files and folders.

    ``obstacle`` tells why a file cannot be written (nothing: it can); a repair that needs such a file is left. ``only``
    are the fingerprints of the findings to repair, if not all; nothing is said of the others.
    """

    paths: tuple[str, ...] = (".",)
    unsafe: bool = False
    obstacle: Callable[[str], str] = _no_obstacle
    only: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Change:
    """One file before and after. ``path`` is as findings show it, ``source`` the file as it was read."""

    path: str
    source: Source
    after: str
    repaired: tuple[Finding, ...]

    @property
    def before(self) -> str:
        """Return the text that the change starts from."""
        return self.source.text


@dataclass(frozen=True, slots=True)
class Left:
    """A finding that is not repaired, and why. ``way`` says what would get it repaired, if anything would."""

    finding: Finding
    why: str
    way: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run would do: ``changes`` by path, ``repaired`` and ``left`` findings by place, problems by path.

    ``gone`` are findings without a repair of their own that are no more once the others are repaired.
    """

    changes: tuple[Change, ...] = ()
    repaired: tuple[Finding, ...] = ()
    left: tuple[Left, ...] = ()
    problems: tuple[Problem, ...] = ()
    gone: tuple[Finding, ...] = ()


def plan(
    report: Report,
    settings: Settings,
    options: FixOptions,
    check: Check | None = None,
    sources: Mapping[str, Source] | None = None,
) -> Plan:
    """Return what repairs the findings of ``report``, worked out and checked again in memory.

    Repairs whose edits meet are made one after the other, each on the text that the one before it left. A repair is
    dropped if the file does not parse after it, if its finding is still there, or if a new finding appears (one of low
    confidence is a hint at what is left, such as empty inner containers). ``check``
    (default: the engine's) finds what is in changed texts; ``sources`` are files by path that need not be read.
    """
    state = _FixState(settings, options, check or _engine_check, sources or {})
    report = state.pinned(report)
    state.take(report)
    return state.plan(report)


def _engine_check(paths: Sequence[str], settings: Settings, texts: Mapping[str, str]) -> Report:
    from leaklint.engine import check

    return check(paths, settings, texts)


class _FixState:
    """The texts so far, and what became of each finding (by fingerprint)."""

    def __init__(self, settings: Settings, options: FixOptions, check: Check, sources: Mapping[str, Source]) -> None:
        self.settings = settings
        self.options = options
        self.check = check
        self.sources: dict[str, Source] = dict(sources)
        self.texts: dict[str, str] = {}
        self.repaired: dict[str, Finding] = {}
        self.dropped: dict[str, Left] = {}
        self.files: dict[str, set[str]] = {}
        self.last: Report | None = None

    def pinned(self, report: Report) -> Report:
        """Return the report on the very texts that the edits will be put into: a file may have changed since."""
        while True:
            paths = {edit.path for finding in report.findings for edit in finding.fix.edits}
            unread = sorted(paths - self.sources.keys())
            if not unread:
                return report
            for path in unread:
                self.sources[path] = Source.read(path)
            texts = {os.path.abspath(path): source.text for path, source in self.sources.items()}
            report = self.check(self.options.paths, self.settings, texts)

    def take(self, report: Report) -> None:
        """Make the repairs of ``report``, pass by pass, until none is left to make."""
        first = {finding.fingerprint: finding for finding in report.findings}
        for _ in range(_PASSES):
            chosen, waiting = self._choose(report.findings)
            while chosen:
                after, culprits, why = self._attempt(chosen, report, set(first))
                if after is not None:
                    report = self.last = after
                    break
                for finding in culprits:
                    self.dropped[finding.fingerprint] = Left(first.get(finding.fingerprint, finding), why)
                chosen = [finding for finding in chosen if finding not in culprits]
            for finding in chosen:
                self.repaired[finding.fingerprint] = first.get(finding.fingerprint, finding)
            if not waiting:
                break
        self._tidy()

    def _tidy(self) -> None:
        """Take away the imports that the repairs have left idle, unless another file takes the name from there."""
        from leaklint.tidying import idle_names, without

        before = dict(self.texts)
        for path, text in before.items():
            source = Source(path, text)
            idle = idle_names(self.sources[path].text, source)
            idle = tuple(name for name in idle if not self._is_taken(path, name))
            if idle:
                self.texts[path] = without(source, idle)
        if self.texts != before:
            after = self._checked()
            same = self.last is not None and _marks(after) == _marks(self.last) and after.problems == self.last.problems
            self.texts = self.texts if same else before

    def _is_taken(self, path: str, name: str) -> bool:
        """Tell whether a file may import ``name`` from the file ``path``, whose own import of it is idle."""
        from leaklint.discovery import discover

        stem = os.path.basename(path).removesuffix(".py")
        if stem == "__init__":
            return True
        taken = re.compile(
            rf"\b{re.escape(stem)}\s+import\b[^#]*\b{re.escape(name)}\b|\b{re.escape(stem)}\.{re.escape(name)}\b"
        )
        for file in discover(self.options.paths, self.settings)[0]:
            with contextlib.suppress(SourceError):
                if os.path.abspath(file) != os.path.abspath(path) and taken.search(Source.read(file).text):
                    return True
        return False

    def _choose(self, findings: Iterable[Finding]) -> tuple[list[Finding], list[Finding]]:
        """Return the repairs to make now, and those whose edits meet the edits of one of these."""
        taken: dict[str, list[Edit]] = {}
        chosen: list[Finding] = []
        waiting: list[Finding] = []
        for finding in findings:
            if self._refusal(finding) is not None or finding.fingerprint in self.dropped:
                continue
            if any(_meets(edit, taken.get(edit.path, ())) for edit in finding.fix.edits):
                waiting.append(finding)
                continue
            chosen.append(finding)
            for edit in finding.fix.edits:
                taken.setdefault(edit.path, []).append(edit)
        return chosen, waiting

    def _refusal(self, finding: Finding) -> Left | None:
        fix = finding.fix
        if fix.safety == "none" or not fix.edits:
            return Left(finding, fix.reason or "no edit repairs this certainly")
        if self.options.only and finding.fingerprint not in self.options.only:
            return Left(finding, "not asked for")
        if fix.safety == "unsafe" and not self.options.unsafe:
            return Left(finding, f"unsafe: {fix.reason}", "--unsafe-fixes")
        obstacles = (self.options.obstacle(path) for path in sorted({edit.path for edit in fix.edits}))
        obstacle = next((text for text in obstacles if text), "")
        return Left(finding, obstacle) if obstacle else None

    def _attempt(
        self, chosen: list[Finding], report: Report, known: set[str]
    ) -> tuple[Report | None, list[Finding], str]:
        """Put repairs into effect and check again. Return the new report, or which repairs do not hold and why."""
        before = dict(self.texts)
        why = self._apply(chosen)
        if why:
            self.texts = before
            return None, chosen[-1:], why
        after = self._checked(chosen)
        culprits, why = _objection(chosen, report, after, known)
        if why:
            self.texts = before
            return None, culprits, why
        for finding in chosen:
            self.files.setdefault(finding.fingerprint, set()).update(edit.path for edit in finding.fix.edits)
        return after, [], ""

    def _apply(self, chosen: list[Finding]) -> str:
        """Change ``texts``; return what forbids it, or nothing."""
        edits: dict[str, set[Edit]] = {}
        for finding in chosen:
            for edit in finding.fix.edits:
                edits.setdefault(edit.path, set()).add(edit)
        for path, own in edits.items():
            try:
                text = applied(self.texts.get(path, self.sources[path].text), own)
                _ = Source(path, text).tree
            except (SourceError, ValueError) as error:
                return f"{path} would not be valid after the repair: {error}"
            self.texts[path] = text
        return ""

    def _checked(self, chosen: Iterable[Finding] = ()) -> Report:
        """Check the texts as they are now. What a run has shown holds of what is not repaired, nor among ``chosen``."""
        gone = [*self.repaired.values(), *chosen]
        observed = tuple(seen for seen in self.settings.observed if not any(is_same(seen, one) for one in gone))
        return self.check(self.options.paths, replace(self.settings, observed=observed), self._by_file())

    def _by_file(self) -> dict[str, str]:
        return {os.path.abspath(path): text for path, text in self.texts.items()}

    def plan(self, report: Report) -> Plan:
        """Return the outcome for the findings of the first report."""
        left, gone = [], []
        still = {finding.fingerprint for finding in (self.last or report).findings}
        for finding in report.findings:
            if finding.fingerprint in self.repaired:
                continue
            # that what a run alone has shown is no more, another run has to show
            if finding.fingerprint not in still and finding.origin == "static":
                gone.append(finding)
            elif not self.options.only or finding.fingerprint in self.options.only:
                message = self.dropped.get(finding.fingerprint) or self._refusal(finding)
                left.append(message or Left(finding, "its edits meet those of another repair", "run the command again"))
        changes = [
            Change(path, self.sources[path], text, self._repaired_in(path))
            for path, text in sorted(self.texts.items())
            if text != self.sources[path].text
        ]
        done = sorted(self.repaired.values(), key=lambda finding: finding.place)
        return Plan(tuple(changes), tuple(done), tuple(left), report.problems, tuple(gone))

    def _repaired_in(self, path: str) -> tuple[Finding, ...]:
        found = (one for mark, one in self.repaired.items() if path in self.files.get(mark, ()))
        return tuple(sorted(found, key=lambda finding: finding.place))


def applied(text: str, edits: Iterable[Edit]) -> str:
    """Return ``text`` with ``edits``, which must not overlap, put into effect. Raises ``ValueError`` for a wrong place."""
    parts: list[str] = []
    here = 0
    for edit in sorted(edits, key=lambda one: (one.start, one.end)):
        if edit.start < here or edit.end > len(text) or edit.end < edit.start:
            raise ValueError("the edits do not fit the file")
        parts += (text[here : edit.start], edit.text)
        here = edit.end
    return "".join((*parts, text[here:]))


def _meets(edit: Edit, others: Iterable[Edit]) -> bool:
    """Tell whether an edit touches what another one changes; the very same edit (a shared import) does not."""
    return any(
        edit != other and edit.start <= other.end and other.start <= edit.end and not _apart(edit, other)
        for other in others
    )


def _marks(report: Report) -> set[str]:
    return {finding.fingerprint for finding in report.findings}


def _apart(one: Edit, two: Edit) -> bool:
    """Two edits that only share a border, and of which not both are insertions there."""
    insertions = one.start == one.end and two.start == two.end
    return not insertions and (one.end == two.start or two.end == one.start)


def _was_behind(new: Finding, repaired: Finding) -> bool:
    """Tell whether a finding speaks of the same holder as a repaired one that was surer, and was shown in its place."""
    same = (new.path, new.symbol) == (repaired.path, repaired.symbol)
    return same and LEVELS.index(new.confidence) > LEVELS.index(repaired.confidence)


def _objection(chosen: Sequence[Finding], before: Report, after: Report, known: set[str]) -> tuple[list[Finding], str]:
    """Return which repairs do not hold and why; nothing if all do."""
    still = {finding.fingerprint for finding in after.findings}
    lasting = [finding for finding in chosen if finding.fingerprint in still]
    if lasting:
        return lasting, "the finding would still be there after the repair"
    brought = (one for one in after.findings if one.fingerprint not in known and one.confidence != "low")
    objections = [
        (one.path, f"the repair would bring {one.code} at line {one.line}")
        for one in brought
        if not any(_was_behind(one, repaired) for repaired in chosen)
    ]
    had = {(problem.path, problem.message) for problem in before.problems}
    objections += [(one.path, one.message) for one in after.problems if (one.path, one.message) not in had]
    if not objections:
        return [], ""
    near = [finding for finding in chosen if any(edit.path == objections[0][0] for edit in finding.fix.edits)]
    return (near or list(chosen))[-1:], f"{objections[0][0]}: {objections[0][1]}"
