"""``leaklint memory``: where the memory of a process went, part by part."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from leaklint.cli import output, parsing, targets
from leaklint.cli.parsing import Parser
from leaklint.cli.usage import UsageError
from leaklint_runtime import inside, launch, tables, wire
from leaklint_runtime.footprint import FootprintError
from leaklint_runtime.ledger import Ledger, from_json, to_json
from leaklint_runtime.memory import outside

EXPLAINED = """\
what can be measured:
  PID               from outside: what the kernel tells; all parts if the program called
                    leaklint_runtime.memory.listen(), or if it and leaklint run on Python 3.14 or later
  -- COMMAND        all parts of every Python process of the command, when each of them ends
  module:function   all parts after --rounds calls in a process of its own; also file.py:function
"""


def add_arguments(parser: Parser) -> None:
    """Declare the arguments of ``run``."""
    parser.epilog = EXPLAINED
    targets.add_target(parser, "a PID, a module:function, or a command after --")
    group = parser.add_argument_group("measuring")
    group.add_argument(
        "--rounds", type=parsing.positive, default=1, metavar="N", help="calls of a function (default: 1)"
    )
    group.add_argument(
        "--after", type=parsing.seconds, metavar="SECONDS", help="look at a command so long after its start"
    )
    text = "collect and trim the process PID itself instead of a forked clone of it"
    group.add_argument("--intervene", action="store_true", help=text)
    text = "do not start an interpreter to see what the libraries take"
    group.add_argument("--no-baseline", action="store_true", help=text)
    targets.add_limits(parser)
    targets.add_output(parser, "the parts")


def run(args: argparse.Namespace) -> int:
    """Measure and print. The status is 0, or 2 where nothing could be measured. Raises ``UsageError``."""
    target = targets.parse(args)
    if args.intervene and target.kind != targets.PID:
        raise UsageError("--intervene is for a PID; what leaklint starts itself is left as it is")
    found = targets.findings(args)
    try:
        ledgers = _taken(args, target, targets.probes(found), found)
    except (launch.LaunchError, FootprintError, inside.NoDoorError) as error:
        raise UsageError(str(error)) from None
    if args.plot:
        from leaklint_runtime import charts

        targets.draw(charts.ledgers(ledgers), args.plot)
    if args.output_format == "json":
        text = json.dumps(json.loads(wire.dumps([to_json(item) for item in ledgers])), indent=2) + "\n"
    else:
        text = "\n".join("\n".join(tables.ledger(item)) + "\n" for item in ledgers)
    if args.output_file:
        output.write_file(args.output_file, text)
    else:
        output.write(text)
    return output.CLEAN


def _taken(
    args: argparse.Namespace,
    target: targets.ProfiledProgram,
    probes: list[dict[str, object]],
    findings: targets.Findings,
) -> list[Ledger]:
    if target.kind == targets.PID:
        return [_of_process(int(target.words[0]), args, probes)]
    if target.kind == targets.FUNCTION:
        request = targets.request(args, target, findings, args.rounds, ledger=True, discover=False)
        last = list(launch.call(request, args.python, args.timeout or 600.0))[-1]
        return [from_json(last["ledger"])]
    return _of_command(args, target, probes)


def _of_process(pid: int, args: argparse.Namespace, probes: list[dict[str, object]]) -> Ledger:
    """Ask the process itself; tell from outside what can be told if it does not answer."""
    base = "none" if args.no_baseline else "fresh"
    ledger = outside(pid)
    try:
        if sys.version_info >= (3, 14) and not Path(inside.place(pid)).exists():
            inside.knock(pid)
        return inside.ask(pid, findings=probes, intervene=args.intervene, baseline=base)
    except inside.NoDoorError as error:
        if args.intervene:
            raise
        way = "call leaklint_runtime.memory.listen() in it, or run it as 'leaklint memory -- COMMAND'"
        return ledger._replace(notes=(*ledger.notes, f"not seen from inside: {error}; {way}"))


def _of_command(
    args: argparse.Namespace, target: targets.ProfiledProgram, probes: list[dict[str, object]]
) -> list[Ledger]:
    config: dict[str, object] = {
        "interval": 0.2,
        "findings": probes,
        "ledger": args.after or "exit",
        "baseline": "none" if args.no_baseline else "fresh",
    }
    measured = launch.command(target.words, config, None, args.timeout, args.memory_limit or 0)
    ledgers = sorted((from_json(item) for item in measured.ledgers.values()), key=lambda item: -item.total)
    if not ledgers:
        seen = "no Python process of it" if not measured.inside else "none of its processes"
        raise UsageError(
            f"{' '.join(target.words)} ended with status {measured.status}, and {seen} could tell its memory:"
            " it was killed, left by os._exit, or is an isolated Python (-I, -E)"
        )
    return ledgers
