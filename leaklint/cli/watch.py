"""``leaklint watch PID``: which holders grow in a process that runs, as they come."""

from __future__ import annotations

import argparse
import os
import sys
import time
from contextlib import suppress
from typing import Any

from leaklint.cli import output, parsing
from leaklint.cli.parsing import Parser
from leaklint.cli.usage import UsageError
from leaklint.reports.escape import visible
from leaklint_runtime import inside, wire
from leaklint_runtime.fit import LINEAR
from leaklint_runtime.units import size

EXPLAINED = """\
what can be watched:
  a process that called leaklint_runtime.watch(listen=True) or leaklint_runtime.memory.listen(), and any process of
  Python 3.14 or later where leaklint runs on that, too. The watch samples the lengths of containers and needs less than 1 %
  of a core; a copy of the process is forked for a moment when a holder is seen to grow, to name it.
"""
GROWS, STAYS = 1, 0
HINT = (
    "call leaklint_runtime.watch(listen=True) or leaklint_runtime.memory.listen() in it, or measure it from its start as"
    " 'leaklint profile -- COMMAND'"
)


def add_arguments(parser: Parser) -> None:
    """Declare the arguments of ``run``."""
    parser.epilog = EXPLAINED
    parser.add_argument("pid", type=parsing.positive, metavar="PID", help="the process")
    group = parser.add_argument_group("watching")
    text = "between samples, and longer where a sample takes more than a hundredth of this (default: 10)"
    group.add_argument("--every", type=parsing.seconds, default=10.0, metavar="SECONDS", help=text)
    text = "how long (default: until the process ends, or ctrl-c)"
    group.add_argument("--for", dest="duration", type=parsing.seconds, metavar="SECONDS", help=text)
    text = "trace the process for up to a second when a holder is seen to grow, for the line that stores: that slows it down"
    group.add_argument("--trace", action="store_true", help=text)
    group = parser.add_argument_group("output")
    text = "text (the default): each holder when it is first seen to grow; json: a line with the whole report at each sample"
    group.add_argument("--output-format", choices=("text", "json"), default="text", help=text)


def run(args: argparse.Namespace) -> int:
    """Watch and print. The status is 1 if something grows to the end, else 0. Raises ``UsageError``."""
    report = _first(args)
    end = None if args.duration is None else time.monotonic() + args.duration
    shown: set[str] = set()
    ended = ""
    with suppress(KeyboardInterrupt):
        while True:
            _show(report, args, shown)
            left = args.every if end is None else min(args.every, end - time.monotonic())
            if left <= 0:
                break
            time.sleep(left)
            try:
                report = inside.ask_watch(args.pid, args.every, args.trace)
            except inside.NoDoorError as error:
                ended = str(error) if _runs(args.pid) else f"process {args.pid} has ended"
                break
    if args.output_format == "text":
        output.write(_conclusion(report))
    if ended:
        sys.stderr.write(f"leaklint: {visible(ended)}\n")
    return GROWS if report["growing"] else STAYS


def _first(args: argparse.Namespace) -> dict[str, Any]:
    """Begin the watch, opening the door of a process of Python 3.14 or later. Raises ``UsageError``."""
    if not _runs(args.pid):
        raise UsageError(f"no process {args.pid}")
    try:
        if sys.version_info >= (3, 14) and not os.path.exists(inside.place(args.pid)):
            inside.knock(args.pid)
        return inside.ask_watch(args.pid, args.every, args.trace)
    except inside.NoDoorError as error:
        raise UsageError(f"{error}; {HINT}") from None


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True


def _show(report: dict[str, Any], args: argparse.Namespace, shown: set[str]) -> None:
    """Print the report, or those of its holders that were not printed yet."""
    if args.output_format == "json":
        output.write(wire.dumps(report) + "\n")
    else:
        for holder in report["holders"]:
            if holder["symbol"] not in shown:
                shown.add(holder["symbol"])
                output.write("".join(f"{line}\n" for line in holder["text"]))
    sys.stdout.flush()


def _conclusion(report: dict[str, Any]) -> str:
    """Return what still grows, and what the watch has cost, in lines."""
    watched = f"watched process {report['pid']} for {report['seconds']:.0f} s, {report['samples']} samples of"
    watched += (
        f" {report['objects']:,} objects, {report['cost']['share']:.2%} of a core, {size(report['resident'])} resident"
    )
    rows = [holder["text"][0] for holder in report["holders"] if holder["kind"] == LINEAR]
    head = "grows to the end:" if rows else "nothing is seen to grow to the end"
    return "\n".join([watched, head, *[f"  {row}" for row in rows], *report["notes"]]) + "\n"
