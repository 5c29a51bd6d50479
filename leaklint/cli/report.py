"""``leaklint report``: one HTML page that joins findings, proofs, repairs, and what ``memory`` and ``profile`` saw."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from leaklint.cli import options, output
from leaklint.cli.usage import UsageError
from leaklint.cli.verify import add_experiment
from leaklint.config import Settings
from leaklint.model import Finding, Report
from leaklint.records import replace
from leaklint.reports.html import Diff, NoJinjaError, Picture, Sheet, page

_KINDS = {".svg": "image/svg+xml", ".png": "image/png"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``run``."""
    options.add_paths(parser)
    group = parser.add_argument_group("what the page holds")
    text = "show the findings and verdicts of this JSON report instead of checking; with PATHs their repairs, too"
    group.add_argument("--findings", type=Path, metavar="FILE", help=text)
    text = "a JSON report of 'leaklint verify --findings' after the repair, to set its verdicts beside"
    group.add_argument("--after", type=Path, metavar="FILE", help=text)
    group.add_argument("--verify", action="store_true", help="prove the findings; this runs the code")
    group.add_argument("--unsafe-fixes", action="store_true", help="show also the repairs that assume something")
    for name, text in (
        ("memory", "what 'leaklint memory --output-format json' wrote; may be repeated"),
        ("profile", "what 'leaklint profile --output-format json' wrote; may be repeated"),
        ("picture", "an SVG or PNG to show; may be repeated"),
    ):
        group.add_argument(f"--{name}", type=Path, action="append", default=[], metavar="FILE", help=text)
    group.add_argument("--title", default="leaklint report", metavar="TEXT", help="default: leaklint report")
    options.add_selection(parser)
    add_experiment(parser)
    group = parser.add_argument_group("output")
    text = "where to write the page (default: leaklint-report.html)"
    group.add_argument("--output-file", default="leaklint-report.html", metavar="FILE", help=text)
    output.add_color(group)


def run(args: argparse.Namespace) -> int:
    """Write the page. The status is 0, whatever it shows, or 2 where a path does not exist.

    Raises ``UsageError`` and ``ConfigError`` for what cannot be read.
    """
    if args.findings and args.verify:
        raise UsageError("--findings holds the verdicts already; leave out --verify")
    pictures = (*_ledgers(args.memory), *_profiles(args.profile), *_images(args.picture))
    planned = bool(args.paths) or args.findings is None
    args.paths = args.paths or ["."]
    settings = options.settings(args)
    report, found = _reports(args, settings, planned)
    diffs, left = _repairs(found, settings, args) if found is not None else ((), {})
    sheet = Sheet(
        report=report,
        title=args.title,
        lines=_reader(report.findings),
        rules=_pages(report.findings),
        diffs=diffs,
        left=left,
        after=_verdicts(args.after),
        pictures=pictures,
    )
    try:
        text = page(sheet)
    except NoJinjaError as error:
        raise UsageError(str(error)) from None
    output.write_file(args.output_file, text)
    output.say(report.problems, args.color)
    output.write(f"wrote {args.output_file}\n")
    return output.status(report, args.paths if found is not None else (), exit_zero=True)


def _reports(args: argparse.Namespace, settings: Settings, planned: bool) -> tuple[Report, Report | None]:
    """Return what to show, and the fresh report (which alone has edits) that repairs are planned from, if any."""
    from leaklint.engine import check, with_findings

    found = check(args.paths, settings) if planned else None
    if args.findings:
        from leaklint.reports.json_format import load

        saved = load(args.findings)
        return (saved if found is None else _refreshed(saved, found)), found
    assert found is not None  # without --findings it is planned
    if not args.verify:
        return _with_observed(found, settings), found
    from leaklint import proof
    from leaklint.cli.verify import experiment

    try:
        shown = _with_observed(found, settings)
        return with_findings(shown, proof.verify(shown.findings, experiment(args, settings))), found
    except proof.InterpreterError as error:
        raise UsageError(str(error)) from error


def _with_observed(report: Report, settings: Settings) -> Report:
    """Return the report with what a run has shown of files that were not checked, such as installed packages."""
    from leaklint.discovered.joined import is_same
    from leaklint.engine import with_findings

    others = [seen for seen in settings.observed if not any(is_same(seen, finding) for finding in report.findings)]
    ordered = sorted((*report.findings, *others), key=lambda finding: finding.place)
    return with_findings(report, ordered)


def _refreshed(saved: Report, report: Report) -> Report:
    """Return the saved report with the repairs that hold for the files as they are now."""
    fixes = {item.fingerprint: item.fix for item in report.findings}
    kept = (replace(item, fix=fixes.get(item.fingerprint, item.fix)) for item in saved.findings)
    return replace(saved, findings=tuple(kept))


def _repairs(report: Report, settings: Settings, args: argparse.Namespace) -> tuple[tuple[Diff, ...], dict[str, str]]:
    from leaklint.fixing import FixOptions, plan
    from leaklint.reports.diff import unified
    from leaklint.reports.style import Style

    done = plan(report, settings, FixOptions(tuple(args.paths), args.unsafe_fixes))
    diffs = tuple(
        Diff(
            change.path,
            unified(change.path, change.before, change.after, Style()),
            tuple(item.fingerprint for item in change.repaired),
        )
        for change in done.changes
    )
    return diffs, {left.finding.fingerprint: left.why for left in done.left}


def _verdicts(path: Path | None) -> dict[str, Any]:
    if path is None:
        return {}
    from leaklint.reports.json_format import load

    return {item.fingerprint: item.verdict for item in load(path).findings if item.verdict is not None}


def _reader(findings: Sequence[Finding]) -> Callable[[str], Sequence[str]]:
    """Return what reads the lines of a file, none for one that has changed since the findings were made."""
    digests = {item.path: item.probe.digest for item in findings if item.probe is not None and item.probe.digest}

    @lru_cache(maxsize=8)
    def lines(path: str) -> Sequence[str]:
        from leaklint.source import Source, SourceError
        from leaklint.suppress import physical_lines

        try:
            source = Source.read(path)
        except SourceError:
            return ()
        return physical_lines(source.text) if digests.get(path, source.digest) == source.digest else ()

    return lines


def _pages(findings: Sequence[Finding]) -> dict[str, str]:
    from leaklint.rules import RULES

    return {item.code: RULES[item.code].doc for item in findings if item.code in RULES}


def _ledgers(files: Sequence[Path]) -> Iterator[Picture]:
    for file in files:
        from leaklint_runtime import charts, plot, tables
        from leaklint_runtime.ledger import from_json

        try:
            ledgers = [from_json(item) for item in _json(file)]
        except (TypeError, KeyError, AttributeError):
            raise UsageError(f"{file}: not what 'leaklint memory --output-format json' writes") from None
        chart = charts.ledgers(ledgers)
        lines = tuple(line for item in ledgers for line in (*tables.ledger(item), ""))
        yield Picture("", _KINDS[".svg"], plot.svg(chart).encode(), chart.description, lines[:-1])


def _profiles(files: Sequence[Path]) -> Iterator[Picture]:
    for file in files:
        from leaklint_runtime import plot, profiling

        try:
            profile = profiling.revived(_json(file))
        except (TypeError, KeyError, AttributeError, ValueError):
            raise UsageError(f"{file}: not what 'leaklint profile --output-format json' writes") from None
        chart = profiling.chart(profile)
        yield Picture("", _KINDS[".svg"], plot.svg(chart).encode(), chart.description, tuple(profile.sentences()))


def _images(files: Sequence[Path]) -> Iterator[Picture]:
    for file in files:
        if file.suffix not in _KINDS:
            raise UsageError(f"{file}: a picture must be an .svg or a .png")
        try:
            yield Picture(file.stem, _KINDS[file.suffix], file.read_bytes(), file.stem)
        except OSError as error:
            raise UsageError(f"{file}: {error.strerror}") from None


def _json(file: Path) -> Any:
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"{file}: {error.strerror}") from None
    except (ValueError, RecursionError):
        raise UsageError(f"{file}: not JSON") from None
