"""What ``memory`` and ``profile`` have in common: what to measure, with which findings, and within which limits."""

from __future__ import annotations

import argparse
import os
import re
import sys
from typing import Any

from leaklint.cli import options, output
from leaklint.cli.parsing import Parser, megabytes, picture, seconds
from leaklint.cli.usage import UsageError
from leaklint.config import Settings, load
from leaklint.model import Finding, Report, to_json
from leaklint.records import dataclass, replace
from leaklint_runtime.plot import Chart

Findings = tuple[Finding, ...]
PID, FUNCTION, COMMAND = "pid", "function", "command"


@dataclass(frozen=True, slots=True)
class ProfiledProgram:
    """``kind`` is ``pid``, ``function`` (``module:function`` or ``file.py:function``) or ``command``."""

    kind: str
    words: tuple[str, ...]


def add_target(parser: Parser, description: str) -> None:
    """Add the positional words, a command behind ``--``, and the options of ``add_findings``."""
    parser.takes_command = True
    parser.add_argument("target", nargs="*", metavar="TARGET", help=description)
    add_findings(parser)


def add_output(parser: argparse.ArgumentParser, drawn: str) -> argparse._ArgumentGroup:
    """Add the options that say in which form the result goes where; ``--plot`` draws what ``drawn`` names."""
    group = parser.add_argument_group("output")
    group.add_argument("--output-format", choices=("text", "json"), default="text", help="default: text")
    group.add_argument("--output-file", metavar="FILE", help="write it there instead of to standard output")
    text = f"draw {drawn} to FILE.svg or FILE.png"
    group.add_argument("--plot", type=picture(".svg", ".png"), metavar="FILE", help=text)
    return group


def add_findings(parser: argparse.ArgumentParser) -> None:
    """Add the options that ``findings`` reads."""
    group = parser.add_argument_group("whose containers to look at")
    group.add_argument(
        "--findings", metavar="FILE", help="those of this report of 'leaklint check --output-format json'"
    )
    group.add_argument(
        "--check", action="append", metavar="PATH", help="those found here (default: the working directory)"
    )
    group.add_argument("--no-check", action="store_true", help="no containers: the memory alone")


def parse(args: argparse.Namespace) -> ProfiledProgram:
    """Tell a PID, a function and a command apart. Raises ``UsageError`` for none, or for more than one."""
    words: list[str] = args.target
    if args.command and not words:
        script = [sys.executable] if args.command[0].endswith(".py") else []
        return ProfiledProgram(COMMAND, (*script, *args.command))
    if len(words) != 1 or args.command is not None:
        raise UsageError("name one PID, one module:function, or one command after --")
    if words[0].isdigit():
        return ProfiledProgram(PID, tuple(words))
    if re.fullmatch(r"[^:]+:[A-Za-z_][\w.]*", words[0]) and not os.path.exists(words[0]):
        return ProfiledProgram(FUNCTION, tuple(words))
    raise UsageError(f"{words[0]} is neither a PID nor a module:function; a command goes after --")


def findings(args: argparse.Namespace) -> tuple[Finding, ...]:
    """Return the findings that the options name. Raises ``UsageError`` for options that exclude each other."""
    if sum(map(bool, (args.findings, args.check, args.no_check))) > 1:
        raise UsageError("--findings, --check and --no-check exclude each other")
    if args.no_check:
        return ()
    if args.findings:
        from pathlib import Path

        from leaklint.reports.json_format import load as load_report

        return load_report(Path(args.findings)).findings
    return _checked(args, ()).findings


def discovered(args: argparse.Namespace, document: dict[str, Any]) -> dict[str, Any]:
    """Return a profile's document with the findings of its holders, joined with what the rules see where they look."""
    from leaklint.discovered.document import with_findings

    if args.no_check:
        return with_findings(document, lambda seen: seen)
    return with_findings(document, lambda seen: _checked(args, seen).findings)


def _checked(args: argparse.Namespace, observed: tuple[Finding, ...]) -> Report:
    from leaklint.engine import check

    paths = args.check or ["."]
    settings: Settings = load(options.common_folder(paths))
    for path in paths:
        if not os.path.exists(path):
            raise UsageError(f"--check {path}: no such file or folder")
    return check(paths, replace(settings, observed=observed))


def probes(findings: tuple[Finding, ...]) -> list[dict[str, Any]]:
    """Return the probes of findings with a container, in their JSON form."""
    return [to_json(item.probe) for item in findings if item.probe is not None]


def add_limits(parser: argparse.ArgumentParser) -> None:
    """Add the limits of a measured function or command."""
    group = parser.add_argument_group("limits")
    group.add_argument(
        "--timeout", type=seconds, metavar="SECONDS", help="end it after so long (default: 600 for a function)"
    )
    text = "memory for the process, 0 for none (default: 2048 for a function, none for a command)"
    group.add_argument("--memory-limit", type=megabytes, metavar="MB", help=text)
    group.add_argument("--allow-network", action="store_true", help="let a function use the network (a command may)")
    group.add_argument("--python", metavar="PATH", default=sys.executable, help="the interpreter for a function")


def request(
    args: argparse.Namespace,
    target: ProfiledProgram,
    findings: tuple[Finding, ...],
    rounds: int,
    ledger: bool,
    discover: bool,
) -> dict[str, Any]:
    """Return the request for ``launch.call``; ``rounds`` of 0 leave their number to the run."""
    place, _, name = target.words[0].rpartition(":")
    spec = f"{os.path.abspath(place)}:{name}" if place.endswith(".py") else target.words[0]
    return {
        "target": spec,
        "path": [os.getcwd()],
        "rounds": rounds,
        "findings": probes(findings),
        "ledger": ledger,
        "discover": discover,
        "memory_limit": 2048 if args.memory_limit is None else args.memory_limit,
        "allow_network": args.allow_network,
    }


def draw(chart: Chart, path: str) -> None:
    """Write a chart as SVG, or as PNG where resvg is installed. Raises ``UsageError``."""
    from leaklint_runtime import plot

    if path.endswith(".svg"):
        output.write_file(path, plot.svg(chart))
        return
    try:
        data = plot.png(chart)
        with open(path, "wb") as stream:
            stream.write(data)
    except plot.NoResvgError as error:
        raise UsageError(str(error)) from None
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}") from None
