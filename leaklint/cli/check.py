"""``leaklint check``: find leak-prone patterns."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from typing import TYPE_CHECKING, Any, TextIO, cast

from leaklint.cache.answers import may_answer
from leaklint.cli import adoption, options, output
from leaklint.cli.usage import UsageError
from leaklint.config import Settings
from leaklint.model import Problem, Report, Summary
from leaklint.reports import SPOKEN

if TYPE_CHECKING:
    import argparse

    from leaklint.running import Spread

_Looked = tuple[list[str], list[str]]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``run``."""
    options.add_paths(parser)
    options.add_selection(parser)
    parser.add_argument(
        "--stdin-filename", metavar="PATH", help="read the one file PATH from standard input instead of from disk"
    )
    options.add_observed(parser)
    adoption.add_arguments(parser)
    options.add_running(parser)
    output.add_output(parser)


def run(args: argparse.Namespace) -> int:
    """Check the paths, print the report, and return the status that ``output.status`` documents."""
    if args.stdin_filename or args.paths == ["-"]:
        return _standard_input(args)
    args.paths = args.paths or ["."]
    taken = time.time_ns()
    settings = options.settings(args)
    looked: _Looked = ([], [])
    if args.unused_noqa:
        whole = _checked(args, adoption.unjudged(settings), looked)
        report = adoption.with_unused(whole, args.paths, settings)
    else:
        report = _checked(args, settings, looked)
    if args.no_cache or args.baseline or settings.baseline or args.findings or not may_answer(args.words):
        return _finish(report, args, settings, args.paths)
    out, err = _Heard(sys.stdout), _Heard(sys.stderr)
    with redirect_stdout(cast(TextIO, out)), redirect_stderr(cast(TextIO, err)):
        status = _finish(report, args, settings, args.paths)
    if looked[0]:
        seconds = report.summary.seconds
        _remember(args, settings, looked, taken, status, (out.text(), err.text()), seconds)
    return status


class _Heard:
    """A stream that notes what is written to another."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self.parts: list[str] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)

    def write(self, text: str) -> int:
        self.parts.append(text)
        return self.stream.write(text)

    def text(self) -> str:
        return "".join(self.parts)


def _remember(
    args: argparse.Namespace,
    settings: Settings,
    looked: _Looked,
    taken: int,
    status: int,
    written: tuple[str, str],
    seconds: float,
) -> None:
    """Keep the answer to this very command, with all that it rests on."""
    from leaklint.cache import answers
    from leaklint.cache.folder import Folder

    files, folders = looked
    tops = [path if os.path.isdir(path) else os.path.dirname(path) for path in map(os.path.abspath, args.paths)]
    watched = [*args.paths, *([args.config] if args.config else []), *answers.above(tops)]
    ignoring = (os.path.join(inner, ".gitignore") for inner in folders)
    watched += [path for path in ignoring if os.path.exists(path)]
    places = [*files, *(path for path in watched if not os.path.isdir(path))]
    if not args.isolated:
        from leaklint.contracts import beside

        places += beside.watched(settings.root)
    folder = Folder(options.cache_path(args, settings))
    answers.keep(folder, args.words, (places, folders), taken, status, written, seconds)


def _checked(args: argparse.Namespace, settings: Settings, looked: _Looked) -> Report:
    """Check the named paths with a memory, unless that is not wanted. ``looked`` takes files and folders."""
    if args.executor is None:
        return _run(args, settings, looked, None)
    from leaklint.cluster import ExecutorError, connected

    try:
        with connected(args.executor) as cluster:
            return _run(args, settings, looked, cluster)
    except ExecutorError as error:
        raise UsageError(f"--executor: {error}") from None


def _run(args: argparse.Namespace, settings: Settings, looked: _Looked, spread: Spread | None) -> Report:
    from leaklint.cli.progress import progress
    from leaklint.running import Running

    jobs = settings.jobs if args.jobs is None else args.jobs
    with progress(args.quiet) as shown:
        running = Running(jobs, shown.tick if shown is not None else None, spread)
        if args.no_cache:
            from leaklint.engine import check

            return check(args.paths, settings, running=running)
        from leaklint.cache import runs
        from leaklint.cache.folder import Folder

        return runs.check(args.paths, settings, Folder(options.cache_path(args, settings)), running, looked)


def _standard_input(args: argparse.Namespace) -> int:
    from leaklint.discovery import excluded

    if args.paths not in ([], ["-"], [args.stdin_filename]):
        raise UsageError("standard input is one file; name no other PATH beside --stdin-filename")
    name = args.stdin_filename or "stdin.py"
    args.paths = [name]
    settings = options.settings(args)
    sources = {}
    if settings.force_exclude and excluded(name, settings):
        report = Report()
    else:
        report, sources[name] = _checked_text(sys.stdin.buffer.read(), name, settings)
    return _finish(report, args, settings, ["-"], sources)


def _finish(
    whole: Report,
    args: argparse.Namespace,
    settings: Settings,
    paths: Sequence[str],
    sources: Mapping[str, str] | None = None,
) -> int:
    """Narrow the report to what is new, print it, and return the status."""
    report = adoption.narrowed(whole, args, settings)
    _tell_stale(args)
    output.emit(report, args, sources, hidden=len(whole.findings) - len(report.findings))
    return output.status(report, paths, args.exit_zero)


def _tell_stale(args: argparse.Namespace) -> None:
    """Tell of which files what ``--findings`` says holds no more."""
    if args.quiet or args.output_format not in SPOKEN:
        return
    for path in sorted({finding.path for finding in options.observed(args, stale=True)}):
        output.write(f"{args.findings}: {path} has changed since that run: profile again\n", sys.stderr)


def _checked_text(data: bytes, name: str, settings: Settings) -> tuple[Report, str]:
    """Return the report on source that is no file, and its text; an encoding that is not to be had is a problem."""
    from leaklint.engine import check_one
    from leaklint.source import Source, SourceError

    try:
        text = Source.decode(data, name).text
    except SourceError as error:
        return Report(problems=(Problem(name, error.line, error.message),), summary=Summary(files=1)), ""
    return check_one(text, name, settings), text
