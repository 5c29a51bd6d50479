"""``leaklint profile``: does memory grow, how fast, which holder keeps it, and which line stores there?"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from leaklint.cli import output, parsing, targets
from leaklint.cli.parsing import Parser
from leaklint.cli.usage import UsageError
from leaklint.reports.escape import visible
from leaklint_runtime import launch, profiling, tables, wire
from leaklint_runtime.discovery import text as discovered
from leaklint_runtime.units import size

EXPLAINED = """\
what can be profiled:
  module:function   called --rounds times in a process of its own, the heap collected after each call; also
                    file.py:function
  -- COMMAND        as it runs, its children included, sampled every --interval seconds

A program marks a moment for the plot with leaklint_runtime.memory.note("epoch 2").
"""
GROWS, STAYS = 1, 0


def add_arguments(parser: Parser) -> None:
    """Declare the arguments of ``run``."""
    parser.epilog = EXPLAINED
    targets.add_target(parser, "a module:function, or a command after --")
    group = parser.add_argument_group("measuring")
    group.add_argument(
        "--rounds",
        type=parsing.positive,
        metavar="N",
        help="calls of a function (default: 30, and up to 240 while something grows)",
    )
    group.add_argument(
        "--interval",
        type=parsing.seconds,
        default=0.1,
        metavar="SECONDS",
        help="between samples of a command (default: 0.1)",
    )
    text = "do not look for the holders that grow, only at the containers of findings"
    group.add_argument("--no-discovery", action="store_true", help=text)
    group.add_argument("--no-ledger", action="store_true", help="do not measure at the end what the containers hold")
    targets.add_limits(parser)
    group = targets.add_output(parser, "memory and containers")
    text = "draw the profile of this JSON file on the same sheet, as it was before"
    group.add_argument("--compare", type=Path, metavar="FILE", help=text)
    group.add_argument("--quiet", "-q", action="store_true", help="no live progress")


def run(args: argparse.Namespace) -> int:
    """Profile and print. The status is 1 if something grows without end, else 0. Raises ``UsageError``."""
    target = targets.parse(args)
    if target.kind == targets.PID:
        raise UsageError(
            "a running process cannot be profiled from its start: 'leaklint memory PID' tells where it is now"
        )
    before = _saved(args.compare) if args.compare else None
    if before and not args.plot:
        raise UsageError("--compare is for --plot")
    found = targets.findings(args)
    show = _progress(args)
    try:
        profile = _profiled(args, target, found, show)
    except launch.LaunchError as error:
        raise UsageError(str(error)) from None
    finally:
        if show is not None:
            sys.stderr.write("\r\x1b[K")
    if args.plot:
        targets.draw(profiling.chart(profile, before), args.plot)
    text = _json(profile, args) if args.output_format == "json" else _text(profile)
    if args.output_file:
        output.write_file(args.output_file, text)
    else:
        output.write(text)
    return GROWS if profile.leaks else STAYS


Show = Callable[[str], None]


def _profiled(
    args: argparse.Namespace, target: targets.ProfiledProgram, findings: targets.Findings, show: Show | None
) -> profiling.Profile:
    limit = (args.memory_limit << 20) if args.memory_limit else None
    if target.kind == targets.COMMAND:
        return _command(args, target, findings, show, limit or profiling.machine_limit())
    request = targets.request(
        args, target, findings, args.rounds or 0, ledger=not args.no_ledger, discover=not args.no_discovery
    )
    messages = []
    for message in launch.call(request, args.python, args.timeout or 600.0):
        messages.append(message)
        if show is not None and "round" in message:
            total = f"/{args.rounds}" if args.rounds else ""
            show(f"[{message['round']}{total}] {size(message['rss'])}{_lengths(message['sizes'])}")
    limit = limit or (request["memory_limit"] << 20) or profiling.machine_limit()
    return profiling.of_calls(target.words[0], messages, limit)


def _command(
    args: argparse.Namespace,
    target: targets.ProfiledProgram,
    findings: targets.Findings,
    show: Show | None,
    limit: int | None,
) -> profiling.Profile:
    config = {
        "interval": args.interval,
        "findings": targets.probes(findings),
        "ledger": "never" if args.no_ledger else "exit",
        "baseline": "fresh",
        "discover": not args.no_discovery,
    }

    def heard(sample: dict[str, Any]) -> None:
        if show is not None:
            count = len(sample["pids"])
            show(f"{size(sample['rss'])} in {count} process{'es' if count > 1 else ''}")

    measured = launch.command(target.words, config, heard, args.timeout, args.memory_limit or 0)
    if not measured.family:
        raise launch.LaunchError(f"{target.words[0]} ended before it could be sampled; give a smaller --interval")
    return profiling.of_command(" ".join(target.words), measured, limit)


def _lengths(sizes: dict[str, Any]) -> str:
    rows = sorted(((pair[0], symbol) for symbol, pair in sizes.items() if pair[0] is not None), reverse=True)
    return f"  {rows[0][1]} {rows[0][0]:,}" if rows else ""


def _saved(path: Path) -> profiling.Profile:
    try:
        return profiling.revived(json.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from None
    except (ValueError, TypeError, KeyError, AttributeError):
        raise UsageError(f"{path}: not a profile of 'leaklint profile --output-format json'") from None


def _progress(args: argparse.Namespace) -> Show | None:
    """Return what shows on a terminal how far the run is, or None where nobody would see it."""
    if args.quiet or not sys.stderr.isatty():
        return None

    def show(text: str) -> None:
        sys.stderr.write(f"\r\x1b[K{visible(text)}"[:120])
        sys.stderr.flush()

    return show


def _json(profile: profiling.Profile, args: argparse.Namespace) -> str:
    return json.dumps(targets.discovered(args, json.loads(wire.dumps(profiling.plain(profile))))) + "\n"


def _text(profile: profiling.Profile) -> str:
    lines: list[str] = []
    symbols = {profile.sentence(item): item for item in profile.holders}
    for sentence in profile.sentences():
        lines.append(sentence)
        if sentence in symbols:
            lines += discovered.lines(symbols[sentence], profile.unit)
    largest = max(profile.ledgers, key=lambda item: item.total, default=None)
    if largest is not None:
        lines += ["", *tables.ledger(largest, profile.growing_parts)]
    if profile.status:
        lines.append(f"note: the command ended with status {profile.status}")
    lines += [f"note: {note}" for note in profile.notes]
    return "".join(f"{line}\n" for line in lines)
