"""Where a report goes, and what the exit status says of it.

The status is 0 for a clean run, 1 where there is a finding or a problem, and 2 where the command could not do what it
was asked to at all: a path that does not exist, or nothing that could be read. ``--exit-zero`` turns 1 into 0, never 2.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, TextIO

from leaklint.cli.usage import UsageError
from leaklint.model import Problem, Report
from leaklint.reports import FORMATS, SPOKEN, View, render
from leaklint.reports.escape import visible
from leaklint.reports.style import Style

if TYPE_CHECKING:
    import argparse

CLEAN, FOUND, UNUSABLE = 0, 1, 2


def add_output(parser: argparse.ArgumentParser, formats: Sequence[str] = FORMATS) -> None:
    """Add what ``emit`` and ``status`` read."""
    group = parser.add_argument_group("output")
    group.add_argument("--output-format", choices=formats, default="text", help="default: text")
    group.add_argument("--output-file", metavar="FILE", help="write the report there instead of to standard output")
    group.add_argument("--statistics", action="store_true", help="count the findings of each code")
    group.add_argument("--quiet", "-q", action="store_true", help="print findings and problems, nothing else")
    group.add_argument("--exit-zero", action="store_true", help="exit 0 even with findings or problems")
    add_color(group)


def add_color(parser: argparse.ArgumentParser | argparse._ArgumentGroup) -> None:
    """Add ``--color``."""
    text = "auto (the default): on a terminal, unless NO_COLOR is set"
    parser.add_argument("--color", choices=("auto", "always", "never"), default="auto", help=text)


def emit(report: Report, args: argparse.Namespace, sources: Mapping[str, str] | None = None, hidden: int = 0) -> None:
    """Write the report as the options ask; problems of a format for people go to standard error, one a line.

    ``sources`` gives the text of paths that are no files (standard input), ``hidden`` how many findings were left out
    on purpose. Raises ``UsageError`` if the output file
    cannot be written.
    """
    name: str = args.output_format
    colored = not args.output_file and wants_color(args.color, sys.stdout)
    docs = _docs(report) if name == "sarif" else {}
    view = View(_reader(sources or {}), docs, hidden, colored, args.quiet)
    text = render(report, name, view)
    if args.statistics and name in SPOKEN:
        from leaklint.reports.text_format import statistics

        text += statistics(report)
    if name in SPOKEN:
        say(report.problems, args.color)
    if args.output_file:
        write_file(args.output_file, text)
    else:
        write(text)


def status(report: Report, paths: Sequence[str], exit_zero: bool = False) -> int:
    """Return the exit status for a report on ``paths`` (see the module's text)."""
    if (report.problems and not report.summary.files) or any(
        path != "-" and not os.path.exists(path) for path in paths
    ):
        return UNUSABLE
    return FOUND if (report.findings or report.problems) and not exit_zero else CLEAN


def say(problems: Sequence[Problem], color: str = "auto") -> None:
    """Write each problem as one line ``path:line: what is wrong`` to standard error."""
    style = Style(wants_color(color, sys.stderr))
    for problem in problems:
        line = f":{problem.line}" if problem.line else ""
        write(f"{style.bold(visible(problem.path))}{line}: {style.code(visible(problem.message))}\n", sys.stderr)


def wants_color(choice: str, stream: TextIO) -> bool:
    """Tell whether to colour: as asked, else on a terminal that is not dumb, unless ``NO_COLOR`` is set."""
    if choice != "auto":
        return choice == "always"
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def write(text: str, stream: TextIO | None = None) -> None:
    """Write to a stream whatever its encoding: characters that it lacks are written as escapes."""
    target = sys.stdout if stream is None else stream
    encoding = getattr(target, "encoding", None) or "utf-8"
    target.write(text.encode(encoding, "backslashreplace").decode(encoding))


def write_file(path: str, text: str) -> None:
    """Write the whole file as UTF-8. Raises ``UsageError`` if it cannot be written."""
    try:
        with open(path, "w", encoding="utf-8", errors="backslashreplace", newline="") as stream:
            stream.write(text)
    except OSError as error:
        raise UsageError(f"cannot write {visible(path)}: {error.strerror}") from error


def _reader(sources: Mapping[str, str]) -> Callable[[str], Sequence[str]]:
    @lru_cache(maxsize=4)
    def lines(path: str) -> Sequence[str]:
        from leaklint.suppress import physical_lines

        return physical_lines(sources[path]) if path in sources else file_lines(path)

    return lines


def file_lines(path: str) -> list[str]:
    """Return the physical lines of a Python file without their ends; none if it cannot be read."""
    from leaklint.source import Source, SourceError
    from leaklint.suppress import physical_lines

    try:
        return physical_lines(Source.read(path).text)
    except SourceError:
        return []


def _docs(report: Report) -> dict[str, str]:
    if not report.findings:
        return {}
    from leaklint.rules import RULES

    return {finding.code: RULES[finding.code].doc for finding in report.findings if finding.code in RULES}
