"""Proof-carrying repairs: each is tried in a scratch copy and kept only if the experiment says that the leak is gone.

The copy holds what git would take from a checkout (tracked and new files, nothing ignored), or a plain folder without
what a run never reads. The original is only read.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from leaklint.config import Settings
from leaklint.fixing import FixOptions, Left, Plan, plan
from leaklint.model import Finding, Probe, Report
from leaklint.proof import VerifyOptions, unproven, verify

_GONE = frozenset({"refuted", "gc-lag"})
_STAYS = frozenset({"confirmed", "until-closed"})
_COUNTS = re.compile(r"(\d+) (passed|failed|errors?|skipped|xfailed|xpassed)")
_LIMIT = 3600  # seconds for one run of the tests


@dataclass(frozen=True, slots=True)
class FixOutcome:
    """How a test command ended: its status and, where its output counts tests as pytest does, the counts."""

    status: int
    counts: tuple[tuple[str, str], ...] = ()

    @property
    def text(self) -> str:
        """Return the outcome in words."""
        text = ", ".join(f"{number} {word}" for number, word in self.counts)
        return f"exit status {self.status}{f' ({text})' if text else ''}"


def prove(
    report: Report, settings: Settings, options: FixOptions, experiment: VerifyOptions, command: str = ""
) -> Plan:
    """Return the plan of those repairs whose finding is confirmed before and refuted after, with nothing else changed.

    A leak that only the collector frees afterwards counts as gone, and so does one that closing the object ends now. With
    ``command``, the project's tests have to end as they did before the repair. Repairs that fall through are left, with
    what happened.
    """
    first = plan(report, settings, options)
    if not first.repaired:
        return first
    with scratch(options.paths, (finding.probe for finding in first.repaired)) as copy:
        session = _Session(report, settings, options, experiment, command, copy)
        session.run(first.repaired)
    return session.result(first)


@dataclass(frozen=True, slots=True)
class Copy:
    """A scratch copy: ``top`` is the original folder, ``root`` where its copy lies."""

    top: Path
    root: Path

    def of(self, path: str) -> str:
        """Return the place in the copy of a path of the original; a path outside of it stays."""
        real = Path(os.path.realpath(path))
        return str(self.root / real.relative_to(self.top)) if real.is_relative_to(self.top) else path

    def of_factory(self, spec: str) -> str:
        """Return a factory with its file, if it has one, as it is in the copy."""
        place, _, name = spec.rpartition(":")
        return f"{self.of(place)}:{name}" if place.endswith(".py") else spec


class _Session:
    def __init__(
        self,
        report: Report,
        settings: Settings,
        options: FixOptions,
        experiment: VerifyOptions,
        command: str,
        copy: Copy,
    ) -> None:
        self.report = report
        self.settings = settings
        self.options = options
        self.experiment = _moved_experiment(experiment, copy)
        self.command = command
        self.copy = copy
        self.kept: list[Finding] = []
        self.left: list[Left] = []
        self.plan = Plan()
        self.written: set[str] = set()

    def run(self, findings: Sequence[Finding]) -> None:
        """Try the repairs one after the other, each beside those that were kept."""
        before = {one.fingerprint: one for one in self._proven(findings)}
        tests = self._tests()
        for finding in findings:
            verdict = before[finding.fingerprint].verdict or unproven()
            if verdict.status not in _STAYS:
                self._leave(finding, f"not confirmed before the repair ({verdict.status}: {verdict.reason})")
                continue
            why = self._try(replace(finding, verdict=verdict), tests)
            if why:
                self._leave(finding, why)
                self._write(self.plan)

    def _try(self, finding: Finding, tests: FixOutcome | None) -> str:
        """Make one more repair in the copy; return why it is not kept, or nothing."""
        wanted = frozenset(one.fingerprint for one in (*self.kept, finding))
        attempt = plan(self.report, self.settings, replace(self.options, only=wanted))
        if finding.fingerprint not in {one.fingerprint for one in attempt.repaired}:
            text = next((left.why for left in attempt.left if left.finding.fingerprint == finding.fingerprint), "")
            return text or "the repair could not be made by itself"
        self._write(attempt)
        after = self._proven([finding])[0].verdict or unproven()
        closed = (
            after.status == "until-closed" and finding.verdict is not None and finding.verdict.status == "confirmed"
        )
        if after.status not in _GONE and not closed:
            return f"still {after.status} after the repair: {after.reason}"
        outcome = self._tests()
        if tests is not None and outcome != tests:
            return f"the test command ended with {tests.text} before and {(outcome or tests).text} after the repair"
        self.kept.append(replace(finding, verdict=after))
        self.plan = attempt
        return ""

    def _leave(self, finding: Finding, why: str) -> None:
        self.left.append(Left(finding, why))

    def result(self, first: Plan) -> Plan:
        """Return the plan of what was kept."""
        verdicts = {finding.fingerprint: finding for finding in self.kept}
        repaired = tuple(verdicts[one.fingerprint] for one in self.plan.repaired if one.fingerprint in verdicts)
        left = sorted((*first.left, *self.left), key=lambda one: one.finding.place)
        return Plan(self.plan.changes, repaired, tuple(left), first.problems, self.plan.gone)

    def _write(self, attempt: Plan) -> None:
        """Bring the copy to what ``attempt`` would make of the original."""
        wanted = {change.path: change for change in attempt.changes}
        for path in self.written - wanted.keys():
            shutil.copyfile(path, self.copy.of(path))
        for path, change in wanted.items():
            Path(self.copy.of(path)).write_bytes(change.source.encode(change.after))
        self.written = set(wanted)

    def _proven(self, findings: Sequence[Finding]) -> tuple[Finding, ...]:
        moved = [replace(one, probe=self._moved(one.probe) if one.probe is not None else None) for one in findings]
        return verify(moved, self.experiment)

    def _moved(self, probe: Probe) -> Probe:
        """Point an experiment at the copy."""
        factory = self.copy.of_factory(probe.factory)
        return replace(probe, root=self.copy.of(probe.root), file=self.copy.of(probe.file), factory=factory)

    def _tests(self) -> FixOutcome | None:
        if not self.command:
            return None
        folder = self.copy.of(os.getcwd())
        roots = {self.copy.of(finding.probe.root) for finding in self.report.findings if finding.probe is not None}
        path = os.pathsep.join([*sorted(roots), *filter(None, [os.environ.get("PYTHONPATH")])])
        environment = {**os.environ, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"}
        return outcome_of(self.command, folder, environment)


def outcome_of(command: str, folder: str, environment: dict[str, str]) -> FixOutcome:
    """Run a command without a shell in ``folder`` and return how it ended; 127 if there is no such command."""
    try:
        done = subprocess.run(
            shlex.split(command), cwd=folder, env=environment, capture_output=True, text=True, errors="replace",
            timeout=_LIMIT, check=False, stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except FileNotFoundError:
        return FixOutcome(127)
    except subprocess.TimeoutExpired:
        return FixOutcome(-1)
    lines = done.stdout.strip().splitlines()
    return FixOutcome(done.returncode, tuple(_COUNTS.findall(lines[-1])) if lines else ())


@contextmanager
def scratch(paths: Iterable[str], probes: Iterable[Probe | None]) -> Iterator[Copy]:
    """Copy the project that holds ``paths`` and the import roots of ``probes``; the copy is removed afterwards."""
    places = [os.path.realpath(path) for path in paths]
    places += [os.path.realpath(probe.root) for probe in probes if probe is not None and probe.root]
    folders = [place if os.path.isdir(place) else os.path.dirname(place) for place in places]
    top = Path(os.path.commonpath(folders))
    checkout = _checkout(top)
    with tempfile.TemporaryDirectory(prefix="leaklint-prove-") as temporary:
        root = Path(os.path.realpath(temporary), (checkout or top).name)
        if checkout is not None:
            _copy_checkout(checkout, root)
        else:
            _copy_folder(top, root)
        yield Copy(checkout or top, root)


def _checkout(folder: Path) -> Path | None:
    """Return the top of the git checkout that ``folder`` is in and that does not ignore it."""
    try:
        top = _git(folder, "rev-parse", "--show-toplevel").strip()
        ignored = subprocess.run(["git", "-C", str(folder), "check-ignore", "-q", "."], check=False).returncode == 0
    except (OSError, subprocess.CalledProcessError):
        return None
    return None if ignored or not top else Path(os.path.realpath(top))


def _git(folder: Path, *words: str) -> str:
    done = subprocess.run(["git", "-C", str(folder), *words], capture_output=True, check=True)
    return os.fsdecode(done.stdout)


def _copy_checkout(top: Path, root: Path) -> None:
    names = _git(top, "ls-files", "-z", "--cached", "--others", "--exclude-standard").split("\0")
    for name in filter(None, names):
        source = top / name
        if source.is_file() or source.is_symlink():
            target = root / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target, follow_symlinks=not source.is_symlink() or not _leaves(source, top))


def _leaves(link: Path, top: Path) -> bool:
    return not Path(os.path.realpath(link)).is_relative_to(top)


def _copy_folder(top: Path, root: Path) -> None:
    from leaklint.config import DEFAULT_EXCLUDE

    kept = {"build", "dist", "_build", "site-packages"}  # names that packages also have inside
    shutil.copytree(top, root, symlinks=True, ignore=shutil.ignore_patterns(*(set(DEFAULT_EXCLUDE) - kept)))


def _moved_experiment(experiment: VerifyOptions, copy: Copy) -> VerifyOptions:
    """Factories and scenarios that are files of the project are taken from the copy."""
    factories = tuple((symbol, copy.of_factory(spec)) for symbol, spec in experiment.factories)
    scenarios = tuple(copy.of(os.path.abspath(file)) for file in experiment.scenarios)
    return replace(experiment, factories=factories, scenarios=scenarios)
