"""``leaklint fix``: repair findings, or show how."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence

from leaklint import __version__
from leaklint.cli import options, output
from leaklint.cli.usage import UsageError
from leaklint.discovered.joined import is_same
from leaklint.fixing import FixOptions, Left, Plan, plan
from leaklint.model import Finding, Problem, Report, to_json
from leaklint.records import replace
from leaklint.reports.diff import unified
from leaklint.reports.escape import visible
from leaklint.reports.json_format import VERSION
from leaklint.reports.style import Style
from leaklint.writing import obstacle, write

CLEAN, REWRITTEN, UNUSABLE = 0, 1, 2


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``run``."""
    options.add_paths(parser)
    text = "repair only the findings of this JSON report, or what this profile ('leaklint profile') saw grow"
    parser.add_argument("--findings", metavar="FILE", help=text)
    group = parser.add_argument_group("how to repair")
    group.add_argument("--unsafe-fixes", action="store_true", help="make also the repairs that assume something")
    choice = group.add_mutually_exclusive_group()
    choice.add_argument("--diff", action="store_true", help="show the changes instead of making them")
    choice.add_argument("--check", action="store_true", help="only say what would be repaired")
    text = "make only the repairs that turn a confirmed leak into a refuted one, tried in a scratch copy"
    group.add_argument("--prove", action="store_true", help=text)
    text = "with --prove: a command whose outcome must not change, such as 'pytest -x -q'"
    group.add_argument("--test-command", metavar="COMMAND", help=text)
    options.add_selection(parser)
    from leaklint.cli.verify import add_experiment

    add_experiment(parser)
    group = parser.add_argument_group("output")
    group.add_argument("--output-format", choices=("text", "json"), default="text", help="default: text")
    group.add_argument("--quiet", "-q", action="store_true", help="print no totals and nothing of what is left")
    output.add_color(group)


def run(args: argparse.Namespace) -> int:
    """Work out the repairs, and write, show or list them.

    Returns 0 if there was nothing to do, 1 if something was rewritten (or, with ``--diff`` or ``--check``, would be) or
    a file could not be read, 2 if a named path does not exist or a file could not be written. Raises ``UsageError`` for
    options that cannot be obeyed.
    """
    args.paths = args.paths or ["."]
    if "-" in args.paths:
        raise UsageError("standard input cannot be repaired in place; name the file")
    if args.test_command and not args.prove:
        raise UsageError("--test-command is for --prove; add it")
    settings = options.settings(args)
    from leaklint.engine import check

    report = check(args.paths, settings)
    given = options.named_findings(args) if args.findings else None
    chosen = FixOptions(  # a file that cannot be written is told before anything is worked out for it
        tuple(args.paths), args.unsafe_fixes, lambda path: obstacle(path, args.paths), _named(report, given)
    )
    if args.prove:
        from leaklint.cli.verify import experiment
        from leaklint.proving import prove

        done = prove(report, settings, chosen, experiment(args, settings), args.test_command or "")
    else:
        done = plan(report, settings, chosen)
    done = replace(done, left=(*done.left, *_unknown(report, given, args)))
    failed: tuple[Problem, ...] = ()
    if not (args.diff or args.check):
        failed = write(done.changes, args.paths)
    _tell(done, failed, args)
    if failed or output.status(report, args.paths, exit_zero=True):
        return UNUSABLE
    return REWRITTEN if done.changes or report.problems else CLEAN


def _named(report: Report, chosen: Sequence[Finding] | None) -> frozenset[str]:
    """Return the fingerprints, in this report, of the given findings; one that is there for nothing if none is."""
    if chosen is None:
        return frozenset()
    found = (item.fingerprint for item in report.findings if any(is_same(item, other) for other in chosen))
    return frozenset(found) or frozenset({""})


def _unknown(report: Report, chosen: Sequence[Finding] | None, args: argparse.Namespace) -> Iterator[Left]:
    """Yield the given findings that a run has shown and that the report does not have, each with the reason."""
    stale = {item.fingerprint for item in options.observed(args, stale=True)}
    for item in chosen or ():
        if item.origin == "runtime" and not any(is_same(item, other) for other in report.findings):
            why = "has changed since that run: profile again" if item.fingerprint in stale else "is not among the PATHs"
            yield Left(item, f"{item.path} {why}")


def _tell(done: Plan, failed: Sequence[Problem], args: argparse.Namespace) -> None:
    if args.output_format == "json":
        output.write(json.dumps(document(done, failed), indent=2) + "\n")
        return
    style = Style(output.wants_color(args.color, sys.stdout))
    if args.diff:
        legible = sys.stdout.isatty() or output.wants_color(args.color, sys.stdout)  # else a program reads it
        for change in done.changes:
            output.write(unified(change.path, change.before, change.after, style, legible=legible))
    output.say((*done.problems, *failed), args.color)
    # A diff on standard output is meant to be fed to a program: what people read goes beside it.
    stream = sys.stderr if args.diff else sys.stdout
    style = Style(output.wants_color(args.color, stream))
    verb = "not written" if failed else "would be repaired" if args.diff or args.check else "repaired"
    for line in lines(done, verb, style, args.quiet):
        output.write(f"{line}\n", stream)


def lines(done: Plan, verb: str, style: Style, quiet: bool) -> Iterator[str]:
    """Yield one line for each repair, one for each finding that is left, and the totals."""
    for finding in done.repaired:
        made = f"{visible(finding.fix.replacement)} ({finding.fix.safety}: {visible(finding.fix.reason)})"
        yield f"{_place(finding, style)} {style.good(verb)}: {visible(finding.symbol)} -> {made}"
    if quiet:
        return
    for finding in done.gone:
        yield f"{_place(finding, style)} {style.good('gone')}: {visible(finding.symbol)} goes with another repair"
    for left in done.left:
        way = f"; {style.note(left.way)} repairs it" if left.way else ""
        yield f"{_place(left.finding, style)} left: {visible(left.finding.symbol)}: {visible(left.why)}{way}"
    files = len(done.changes)
    counts = f"{len(done.repaired)} {verb} in {files} file{'' if files == 1 else 's'}"
    waiting = sum(bool(left.way) for left in done.left)
    more = f" ({waiting} with --unsafe-fixes)" if waiting else ""
    if done.repaired or done.left:
        yield f"{counts}, {len(done.left)} left{more}"
    else:
        yield "nothing to repair"


def _place(finding: Finding, style: Style) -> str:
    return f"{style.bold(visible(finding.path))}:{finding.line}:{finding.column}: {style.code(finding.code)}"


def document(done: Plan, failed: Sequence[Problem]) -> dict[str, object]:
    """Return the outcome as a JSON object.

    It holds the findings repaired, gone with another repair, and left with why; a diff for each file; the problems.
    """
    return {
        "version": VERSION,
        "tool": {"name": "leaklint", "version": __version__},
        "repaired": [to_json(finding) for finding in done.repaired],
        "gone": [to_json(finding) for finding in done.gone],
        "left": [_left(left) for left in done.left],
        "changes": [
            {"path": change.path, "diff": unified(change.path, change.before, change.after, Style())}
            for change in done.changes
        ],
        "problems": [to_json(problem) for problem in (*done.problems, *failed)],
    }


def _left(left: Left) -> dict[str, object]:
    return {"finding": to_json(left.finding), "why": left.why, "way": left.way}
