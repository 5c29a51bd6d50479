"""``leaklint baseline``: record today's findings, so that only new ones fail."""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path

from leaklint import baseline
from leaklint.cli import options, output
from leaklint.cli.usage import UsageError
from leaklint.reports.text_format import counted


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``run``."""
    options.add_paths(parser)
    options.add_selection(parser)
    options.add_observed(parser)
    text = f"where to write (default: what the configuration names, else {baseline.DEFAULT_NAME} beside it)"
    parser.add_argument("--output-file", type=Path, metavar="FILE", help=text)
    output.add_color(parser)


def run(args: argparse.Namespace) -> int:
    """Check the paths and write every finding to the baseline. The status is 1 where something could not be read."""
    args.paths = args.paths or ["."]
    settings = options.settings(args)
    target = args.output_file or Path(settings.root, settings.baseline or baseline.DEFAULT_NAME)
    from leaklint.engine import check

    target = Path(os.path.relpath(target)) if target.is_relative_to(Path.cwd()) else target
    report = check(args.paths, settings)
    entries = baseline.record(report.findings, target.absolute().parent)
    try:
        target.write_text(baseline.dump(entries), encoding="utf-8")
    except OSError as error:
        raise UsageError(f"cannot write {target}: {error.strerror}") from error
    output.say(report.problems, args.color)
    output.write(f"recorded {counted(len(entries), 'finding')} in {target}\n")
    if not settings.baseline:
        output.write(f"use it with: leaklint check --baseline {target}\n")
        named = Path(os.path.relpath(target, settings.root)).as_posix()
        output.write(f"or for good, in [tool.leaklint] of pyproject.toml: baseline = {json.dumps(named)}\n")
    without_findings = type(report)(problems=report.problems, summary=report.summary)
    return output.status(without_findings, args.paths)
