"""What lets an old project start with ``leaklint check``: baselines, changed files only, suppressions to remove."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from leaklint.cli import options, output
from leaklint.cli.usage import UsageError
from leaklint.config import Settings
from leaklint.model import Finding, Problem, Report
from leaklint.records import replace
from leaklint.reports import SPOKEN

if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what ``narrowed`` and ``with_unused`` read."""
    group = parser.add_argument_group("adoption")
    choice = group.add_mutually_exclusive_group()
    choice.add_argument("--baseline", metavar="FILE", help="leave out the findings recorded in FILE")
    choice.add_argument("--no-baseline", action="store_true", help="ignore the baseline that the configuration names")
    group.add_argument("--diff-base", metavar="REV", help="only findings of files changed since the git revision REV")
    group.add_argument("--unused-noqa", action="store_true", help="report '# noqa: LK...' comments that hide nothing")


def narrowed(report: Report, args: argparse.Namespace, settings: Settings) -> Report:
    """Return the report without what the baseline covers and without files unchanged since ``--diff-base``."""
    path = baseline_path(args, settings)
    findings = report.findings
    if path is not None:
        findings = _new(findings, path, args)
    if args.diff_base:
        changed = changed_files(args.diff_base, options.common_folder(args.paths))
        findings = tuple(item for item in findings if changed.intersection(_touched(item)))
    return with_findings(report, findings)


def _new(findings: Sequence[Finding], file: str, args: argparse.Namespace) -> tuple[Finding, ...]:
    """Return what the baseline does not cover, and tell how much of it covers nothing any more."""
    from pathlib import Path

    from leaklint import baseline
    from leaklint.engine import relative
    from leaklint.reports.text_format import counted

    path = Path(file)
    found, stale = baseline.compare(findings, baseline.load(path), path.absolute().parent)
    if stale and not args.quiet and args.output_format in SPOKEN and not args.diff_base:
        gone = f"{counted(len(stale), 'recorded finding')} {'is' if len(stale) == 1 else 'are'} gone"
        output.write(f"{relative(path)}: {gone}; 'leaklint baseline' records what is left\n", sys.stderr)
    return found


def with_findings(report: Report, findings: Sequence[Finding]) -> Report:
    """Return the report with other findings and its count of them put right."""
    return replace(report, findings=tuple(findings), summary=replace(report.summary, findings=len(findings)))


def baseline_path(args: argparse.Namespace, settings: Settings) -> str | None:
    """Return the baseline that the options or else the configuration name."""
    if args.baseline is not None:
        return str(args.baseline)
    return os.path.join(settings.root, settings.baseline) if settings.baseline and not args.no_baseline else None


def unjudged(settings: Settings) -> Settings:
    """Return settings whose report holds all that a suppression could hide, for ``with_unused``."""
    return replace(settings, noqa=False, confidence="low", per_file_ignores=())


def with_unused(report: Report, paths: Sequence[str], settings: Settings) -> Report:
    """Turn a report made with ``unjudged`` settings into the one ``settings`` ask for, unused suppressions as problems.

    Only codes that the settings select are judged, so a narrow run never calls another run's suppression unused.
    """
    from leaklint import suppress
    from leaklint.discovery import discover
    from leaklint.selection import shown

    by_path: dict[str, list[Finding]] = {}
    for finding in report.findings:
        by_path.setdefault(os.path.abspath(finding.path), []).append(finding)
    kept: list[Finding] = []
    idle: list[Problem] = []
    for file in discover(paths, settings)[0]:
        found = by_path.get(os.path.abspath(file), [])
        lines = output.file_lines(str(file))
        kept += suppress.unsuppressed(found, lines) if settings.noqa else found
        idle += _idle(str(file), found, lines, settings)
    problems = sorted((*report.problems, *idle), key=lambda item: (item.path, item.line))
    findings = sorted((item for item in kept if shown(item, settings)), key=lambda item: item.place)
    return with_findings(replace(report, problems=tuple(problems)), findings)


def changed_files(revision: str, folder: str) -> frozenset[str]:
    """Return the absolute paths that differ from where this branch left ``revision``, new files included.

    Raises ``UsageError`` where git is missing, ``folder`` is in no checkout, or there is no such revision.
    """
    top = _git(folder, "rev-parse", "--show-toplevel").rstrip("\n")
    commit = _git(folder, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}").strip()
    with contextlib.suppress(UsageError):  # no common ancestor (a shallow clone): the revision itself is compared
        commit = _git(folder, "merge-base", commit, "HEAD").strip()
    names = _git(top, "diff", "--name-only", "-z", "--no-renames", commit, "--")
    names += _git(top, "ls-files", "--others", "--exclude-standard", "-z")
    return frozenset(os.path.join(os.path.realpath(top), name) for name in names.split("\0") if name)


def _git(folder: str, *words: str) -> str:
    import subprocess

    try:
        done = subprocess.run(["git", "-C", folder, *words], capture_output=True, check=True)
    except FileNotFoundError:
        raise UsageError("--diff-base needs git, which is not installed") from None
    except subprocess.CalledProcessError as error:
        lines = os.fsdecode(error.stderr).strip().splitlines()
        unknown = f"git knows no revision {words[-1].removesuffix('^{commit}')}"
        raise UsageError(f"--diff-base: {lines[0] if lines else unknown}") from error
    return os.fsdecode(done.stdout)


def _touched(finding: Finding) -> Iterator[str]:
    """Yield the files a finding speaks of: a new store in a changed file makes a finding at an old container."""
    for path in (finding.path, *(related.path for related in finding.related)):
        yield os.path.realpath(path)


def _idle(path: str, findings: Sequence[Finding], lines: Sequence[str], settings: Settings) -> Iterator[Problem]:
    from leaklint import suppress
    from leaklint.selection import chosen

    for comment in suppress.unused(findings, lines):
        codes = [code for code in comment.codes if len(code) < 5 or chosen(code, settings)]
        if codes:
            text = f"unused suppression: nothing here for {', '.join(codes)} to hide; remove it from the comment"
            yield Problem(path, comment.line, text)
