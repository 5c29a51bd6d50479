"""``leaklint contracts``: what libraries keep, proven by experiment against the packages that an interpreter has."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence

from leaklint.cli import output
from leaklint.cli.parsing import Parser, megabytes, positive, seconds
from leaklint.cli.usage import UsageError
from leaklint.contracts import proving
from leaklint.contracts.proving import Entry, Outcome
from leaklint.reports.escape import visible
from leaklint.reports.style import Style
from leaklint_runtime.launch import LaunchError

EXPLAINED = """\
actions:
  verify                 run the experiment of each entry: does the library keep what the entry says, and let go?
  learn MODULE:FUNCTION  hand tracer objects to a callable, and propose an entry with its experiment
  list                   name the entries
  schema                 print the JSON schema of files of contracts

An entry that does not hold ends with status 1.
"""
ACTIONS = ("verify", "learn", "list", "schema")
FORMATS = ("text", "json", "markdown")
CLEAN, BROKEN = 0, 1


def add_arguments(parser: Parser) -> None:
    """Declare the arguments of ``run``."""
    parser.epilog = EXPLAINED
    parser.add_argument("action", choices=ACTIONS, help="what to do, see below")
    parser.add_argument("target", nargs="?", metavar="TARGET", help="for learn: module:function or module:Class.method")
    group = parser.add_argument_group("what to look at")
    text = "the entries of this package, named as pip or as import does; may be repeated (default: all)"
    group.add_argument("--package", "-p", action="append", default=[], metavar="NAME", help=text)
    text = "the interpreter, or the virtual environment, that has the packages; may be repeated for a table"
    group.add_argument("--python", action="append", default=[], metavar="ENV", help=text)
    group.add_argument("--call", default="", metavar="CODE", help="for learn: how to call, such as 'f(1, thing)'")
    group = parser.add_argument_group("the experiment")
    group.add_argument("--timeout", type=seconds, default=60.0, metavar="SECONDS", help="for each entry (default: 60)")
    text = "for each entry, 0 for none (default: 4096)"
    group.add_argument("--memory-limit", type=megabytes, default=4096, metavar="MB", help=text)
    group.add_argument("--jobs", "-j", type=positive, default=1, metavar="N", help="entries side by side (default: 1)")
    group.add_argument("--allow-network", action="store_true", help="let the libraries use the network")
    group = parser.add_argument_group("output")
    group.add_argument("--output-format", choices=FORMATS, default="text", help="default: text")
    group.add_argument("--output-file", metavar="FILE", help="write it there instead of to standard output")
    group.add_argument("--quiet", "-q", action="store_true", help="no progress, and only what does not hold")
    output.add_color(group)


def run(args: argparse.Namespace) -> int:
    """Do one of ``ACTIONS``. Returns 1 where an entry does not hold, or nothing was learnt. Raises ``UsageError``."""
    if (args.target is None) == (args.action == "learn"):
        raise UsageError("learn needs module:function" if args.action == "learn" else f"{args.action} takes no target")
    try:
        if args.action == "verify":
            return _verify(args)
        if args.action == "learn":
            return _learn(args)
    except LaunchError as error:
        raise UsageError(str(error)) from None
    return _list(args) if args.action == "list" else _schema(args)


def _schema(args: argparse.Namespace) -> int:
    from leaklint.contracts.fields import schema

    _write(json.dumps(schema(), indent=2) + "\n", args)
    return CLEAN


def _entries(args: argparse.Namespace) -> list[Entry]:
    found = proving.entries()
    for name in args.package:
        if not proving.chosen(found, [name]):
            from leaklint.nearest import closest

            known = sorted({word for one in found for word in (one.top, one.package)})
            raise UsageError(f"--package {name}: there are no entries of it{closest(name, known)}")
    return proving.chosen(found, args.package)


def _list(args: argparse.Namespace) -> int:
    found = _entries(args)
    if args.output_format == "json":
        rows = [{"package": one.package, "kind": one.table, **one.data} for one in found]
        _write(json.dumps(rows, indent=2) + "\n", args)
        return CLEAN
    width = max(len(one.package) for one in found)
    rows_of_text = [f"{one.package:<{width}}  {one.name}  {one.data.get('why', '')}".rstrip() for one in found]
    _write("".join(f"{row}\n" for row in rows_of_text), args)
    return CLEAN


def interpreter(place: str) -> str:
    """Return the interpreter that a path means: itself, or that of the virtual environment at the path."""
    if os.path.isdir(place):
        for inner in ("bin/python", os.path.join("Scripts", "python.exe")):
            if os.path.exists(os.path.join(place, inner)):
                return os.path.join(place, inner)
        raise UsageError(f"--python {place}: there is no interpreter in this folder")
    return place


def _verify(args: argparse.Namespace) -> int:
    found = _entries(args)
    pythons = [interpreter(place) for place in args.python] or [sys.executable]
    limits = proving.Limits(args.timeout, args.memory_limit, args.jobs, args.allow_network)
    show = _progress(len(found) * len(pythons), args)
    try:
        runs = [proving.verify(found, python, limits, show) for python in pythons]
    finally:
        if show is not None:
            sys.stderr.write("\r\x1b[K")
    if args.output_format == "json":
        text = json.dumps([_plain(python, rows) for python, rows in zip(pythons, runs, strict=True)], indent=2) + "\n"
    elif args.output_format == "markdown":
        text = markdown(runs)
    else:
        style = Style(not args.output_file and output.wants_color(args.color, sys.stdout))
        text = "".join(_text(rows, style, args.quiet) for rows in runs)
    _write(text, args)
    return BROKEN if any(one.status == proving.FAILS for rows in runs for one in rows) else CLEAN


def _progress(total: int, args: argparse.Namespace) -> Callable[[Outcome], None] | None:
    """Return what shows on a terminal how far the run is, or None where nobody would see it."""
    if args.quiet or not sys.stderr.isatty():
        return None
    seen: list[str] = []

    def show(outcome: Outcome) -> None:
        seen.append(outcome.entry.name)
        sys.stderr.write(f"\r\x1b[K[{len(seen)}/{total}] {visible(outcome.entry.name)}"[:120])
        sys.stderr.flush()

    return show


def _plain(python: str, rows: Sequence[Outcome]) -> dict[str, object]:
    entries = [
        {
            "package": one.entry.package,
            "version": one.version,
            "name": one.entry.name,
            "status": one.status,
            "reason": one.reason,
            "shown": list(one.shown),
        }
        for one in rows
    ]
    return {"python": python, "entries": entries}


def _text(rows: Sequence[Outcome], style: Style, quiet: bool) -> str:
    """Return a line for each package, below it one for each entry that does not hold, at last the totals."""
    lines = []
    for package, found in by_package(rows).items():
        bad = [one for one in found if one.status not in (proving.HOLDS, proving.OTHER_VERSION)]
        if found[0].status == proving.MISSING:
            lines += [] if quiet else [f"{style.bold(package)}: package missing ({count(len(found), 'entry')})"]
            continue
        held = sum(one.status == proving.HOLDS for one in found)
        if bad or not quiet:
            rest = sum(one.status == proving.OTHER_VERSION for one in found)
            text = f"{held} of {count(len(found) - rest, 'entry')} hold" + (
                f", {rest} of other versions" if rest else ""
            )
            lines.append(f"{style.bold(package)} {found[0].version}: {text}")
        lines += [f"  {style.code(one.status)} {visible(one.entry.name)}: {visible(one.reason)}" for one in bad]
    if not quiet:
        totals = ", ".join(f"{number} {style.status(name)}" for name, number in tally(rows).items())
        lines.append(f"{count(len(rows), 'entry')}: {totals or 'none'}")
    return "".join(f"{line}\n" for line in lines)


def count(number: int, word: str) -> str:
    """Return a number with its noun: ``1 entry``, ``2 entries``."""
    return f"{number} {word}" if number == 1 else f"{number} {word.removesuffix('y')}ies"


def tally(rows: Sequence[Outcome]) -> dict[str, int]:
    """Count the outcomes of each status that occurs."""
    found: dict[str, int] = {}
    for one in rows:
        found[one.status] = found.get(one.status, 0) + 1
    return dict(sorted(found.items()))


def by_package(rows: Sequence[Outcome]) -> dict[str, list[Outcome]]:
    """Return the outcomes of each package, packages in the order of their names."""
    found: dict[str, list[Outcome]] = {}
    for one in sorted(rows, key=lambda one: one.entry.package.lower()):
        found.setdefault(one.entry.package, []).append(one)
    return found


def markdown(runs: Sequence[Sequence[Outcome]]) -> str:
    """Return a table with a row for each package and two columns for each interpreter."""
    heads = "".join(" version | entries that hold |" for _ in runs)
    lines = [f"| package |{heads}", "|---|" + "---|---|" * len(runs)]
    tables = [by_package(rows) for rows in runs]
    for package in tables[0]:
        cells = "".join(_cells(table[package]) for table in tables)
        lines.append(f"| {package} |{cells}")
    totals = ""
    for rows in runs:
        tried = [one for one in rows if one.status not in (proving.MISSING, proving.OTHER_VERSION)]
        packages = {one.entry.package for one in tried}
        totals += f" {len(packages)} packages | {sum(one.status == proving.HOLDS for one in tried)} of {len(tried)} |"
    return "\n".join([*lines, f"| **all** |{totals}"]) + "\n"


def _cells(outcomes: Sequence[Outcome]) -> str:
    tried = [one for one in outcomes if one.status not in (proving.MISSING, proving.OTHER_VERSION)]
    if not tried:
        return f" {outcomes[0].version or '-'} | - |"
    bad = [f"{one.entry.name}: {one.status}, {one.reason}" for one in tried if one.status != proving.HOLDS]
    held = f"{len(tried) - len(bad)} of {len(tried)}" if bad else f"{len(tried)}"
    message = "".join(f"<br>{text}" for text in bad).replace("|", "\\|")
    return f" {tried[0].version} | {held}{message} |"


def _learn(args: argparse.Namespace) -> int:
    if len(args.python) > 1:
        raise UsageError("learn takes one --python")
    if ":" not in args.target:
        raise UsageError(f"{args.target}: must be module:function or module:Class.method")
    python = interpreter(args.python[0]) if args.python else sys.executable
    limits = proving.Limits(args.timeout, args.memory_limit, 1, args.allow_network, (os.getcwd(),))
    from leaklint.contracts import learning

    answer = learning.learn(args.target, args.call, python, limits)
    if args.output_format == "json":
        _write(json.dumps(answer, indent=2) + "\n", args)
    else:
        _write(learning.text(answer), args)
    return CLEAN if answer.get("retains") or answer.get("returns") else BROKEN


def _write(text: str, args: argparse.Namespace) -> None:
    if args.output_file:
        output.write_file(args.output_file, text)
    else:
        output.write(text)
