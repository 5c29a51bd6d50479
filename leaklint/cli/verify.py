"""``leaklint verify``: check, then prove each finding by experiment in the target's own interpreter."""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from leaklint import proof
from leaklint.cli import options, output
from leaklint.cli.parsing import megabytes, picture, positive, seconds
from leaklint.cli.usage import UsageError
from leaklint.config import Settings
from leaklint.model import Finding, Report
from leaklint.records import replace
from leaklint.reports.escape import visible
from leaklint.reports.style import Style
from leaklint_runtime import draw

PROVEN, CLEAN = 1, 0
_LACKING = re.compile(r"No module named '?([\w.]+)")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``run``."""
    options.add_paths(parser)
    options.add_selection(parser)
    text = "prove the findings of this JSON report instead of checking, for example after a repair"
    told_of = "check and prove this installed package, found by the interpreter that --python names; may be repeated"
    parser.add_argument("--package", "-p", action="append", default=[], metavar="NAME", help=told_of)
    parser.add_argument("--findings", type=Path, metavar="FILE", help=text)
    add_experiment(parser)
    group = parser.add_argument_group("output")
    group.add_argument("--output-format", choices=("text", "json"), default="text", help="default: text")
    group.add_argument("--output-file", metavar="FILE", help="write the report there instead of to standard output")
    group.add_argument("--explain", action="store_true", help="print for each verdict why the object is alive")
    group.add_argument("--quiet", "-q", action="store_true", help="no progress and no totals")
    group.add_argument("--strict", action="store_true", help="exit 1 also for findings that could not be reached")
    group.add_argument(
        "--graph", type=picture(".svg", ".dot"), metavar="FILE", help="draw the chains to FILE.svg or FILE.dot"
    )
    text = "print a pytest that proves this finding (by fingerprint, its start, symbol or code) and guards its repair"
    group.add_argument("--emit-test", metavar="FINDING", help=text)
    output.add_color(group)


def add_experiment(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("the experiment")
    group.add_argument("--python", metavar="PATH", help="the interpreter to prove in (default: the running one)")
    text = "module:callable that makes the object, or symbol=module:callable for one finding; may be repeated"
    group.add_argument("--factory", action="append", default=[], metavar="SPEC", help=text)
    text = "a Python file that registers factories with @leaklint_runtime.scenario; may be repeated"
    group.add_argument("--scenario", action="append", default=[], metavar="FILE", help=text)
    text = "make the objects as a test run did: a file written by pytest --leaklint-harvest FILE; may be repeated"
    group.add_argument("--harvest", action="append", default=[], metavar="FILE", help=text)
    group.add_argument("--rounds", type=positive, metavar="N", help="objects made one by one (default: 8)")
    group.add_argument("--timeout", type=seconds, metavar="SECONDS", help="for each finding (default: 20)")
    group.add_argument(
        "--memory-limit", type=megabytes, metavar="MB", help="for each finding, 0 for none (default: 2048)"
    )
    group.add_argument("--jobs", "-j", type=positive, metavar="N", help="experiments side by side (default: 1)")
    group.add_argument("--allow-network", action="store_true", help="let the code under test use the network")


def run(args: argparse.Namespace) -> int:
    """Check the paths, prove the findings, print the verdicts.

    Returns 0 if nothing was confirmed, 1 if something was (or, with ``--strict``, could not be reached), 2 if a path
    does not exist. Raises ``UsageError`` for options that cannot be obeyed.
    """
    if args.findings and (args.paths or args.package):
        raise UsageError("--findings holds the findings already; name no PATH beside it")
    settings = options.settings(args)
    chosen = experiment(args, settings)
    args.paths = [*args.paths, *(place for name in args.package for place in installed(name, chosen.python))] or ["."]
    report = _report(args, settings)
    if args.emit_test:
        report = replace(report, findings=_named(report, args.emit_test))
    progress = _progress(len(report.findings), args)
    try:
        proven = proof.verify(report.findings, chosen, progress)
    except proof.InterpreterError as error:
        raise UsageError(str(error)) from error
    finally:
        if progress:
            sys.stderr.write("\r\x1b[K")
    report = replace(report, findings=proven)
    if args.emit_test:
        return _emit(report, args)
    if args.graph:
        _draw(report, Path(args.graph))
    _print(report, args)
    unusable = output.status(report, args.paths, exit_zero=True)
    return unusable or exit_status(report.findings, args.strict)


def installed(name: str, python: str) -> list[str]:
    """Return the folders or the file of an installed package or module, as the interpreter finds it without importing it.

    Raises ``UsageError`` if it finds none.
    """
    script = (
        "import importlib.util as u, sys\n"
        "top, _, rest = sys.argv[1].partition('.')\n"
        "spec = u.find_spec(top)\n"
        "places = list(spec.submodule_search_locations or [spec.origin]) if spec else []\n"
        "import os\n"
        "inner = [os.path.join(place, *rest.split('.')) for place in places] if rest else places\n"
        "found = [p for place in inner for p in (place, place + '.py') if os.path.exists(p)]\n"
        "print('\\n'.join(found))"
    )
    try:
        done = subprocess.run([python, "-c", script, name], capture_output=True, text=True, check=False)
    except OSError as error:
        raise UsageError(f"cannot start {python}: {error.strerror or error}") from None
    places = [line for line in done.stdout.splitlines() if line and (line.endswith(".py") or Path(line).is_dir())]
    if not places:
        raise UsageError(
            f"--package {name}: {python} has no such package; name the interpreter that has it with --python"
        )
    return places


def _report(args: argparse.Namespace, settings: Settings) -> Report:
    if args.findings:
        from leaklint.reports.json_format import load

        return load(args.findings)
    from leaklint.engine import check

    return check(args.paths, settings)


def _named(report: Report, name: str) -> tuple[Finding, ...]:
    """Return the findings that go by this fingerprint (or its start), symbol or code.

    Raises ``UsageError`` for none.
    """
    found = tuple(item for item in report.findings if name in (item.code, item.symbol))
    found = found or tuple(item for item in report.findings if len(name) > 3 and item.fingerprint.startswith(name))
    if not found:
        raise UsageError(f"--emit-test {name}: no finding has this fingerprint, symbol or code")
    return found


def _emit(report: Report, args: argparse.Namespace) -> int:
    """Write the first test that can be written; complain about the findings that come before it."""
    from leaklint.emitting import EmitError, emit

    failed: list[str] = []
    for finding in report.findings:
        try:
            text = emit(finding)
        except EmitError as error:
            failed.append(str(error))
            continue
        if args.output_file:
            output.write_file(args.output_file, text)
        else:
            output.write(text)
        return CLEAN
    raise UsageError(f"--emit-test {args.emit_test}: {failed[0]}")


def _draw(report: Report, target: Path) -> None:
    """Write the chains of all verdicts as one picture."""
    from leaklint_runtime import graphs

    named = [
        (f"{item.code} {item.symbol}", proof.to_runtime(item.verdict))
        for item in report.findings
        if item.verdict is not None and item.verdict.path
    ]
    output.write_file(str(target), graphs.svg(named) if target.suffix == ".svg" else graphs.dot(named))


def exit_status(findings: tuple[Finding, ...], strict: bool) -> int:
    """Return 1 if a verdict is ``confirmed`` (or, if ``strict``, ``unreached``), else 0."""
    bad = {"confirmed", "unreached"} if strict else {"confirmed"}
    return PROVEN if any(item.verdict and item.verdict.status in bad for item in findings) else CLEAN


def experiment(args: argparse.Namespace, settings: Settings) -> proof.VerifyOptions:
    """Return how to prove: the configuration's ``[tool.leaklint.verify]``, overruled by the command line."""
    table = settings.verify
    base = proof.VerifyOptions()
    factories = dict(_located(pair, settings.root) for pair in (("", table.factory), *table.factories) if pair[1])
    factories.update(_located(_split(spec), "") for spec in args.factory)
    scenarios = args.scenario or [str(Path(settings.root, file)) for file in table.scenarios]
    for kind, files in (("scenario", scenarios), ("harvest", args.harvest)):
        for file in files:
            if not Path(file).is_file():
                raise UsageError(f"{kind} {file}: no such file")
    for file in args.harvest:
        if not file.endswith(".json"):
            raise UsageError(
                f"harvest {file}: the name must end in .json, as pytest --leaklint-harvest FILE.json writes it"
            )
    return proof.VerifyOptions(
        python=args.python or table.python or base.python,
        factories=tuple(factories.items()),
        scenarios=(*scenarios, *args.harvest),
        rounds=args.rounds or table.rounds or base.rounds,
        timeout=args.timeout or table.timeout or base.timeout,
        memory_limit=_first(args.memory_limit, table.memory_limit, base.memory_limit),
        jobs=args.jobs or base.jobs,
        allow_network=args.allow_network,
    )


def _first(asked: int | None, configured: int, default: int) -> int:
    """Return the first limit that was given; 0 is one of them."""
    return asked if asked is not None else configured if configured >= 0 else default


def _split(spec: str) -> tuple[str, str]:
    symbol, found, factory = spec.rpartition("=")
    if ":" not in factory or (found and not symbol):
        raise UsageError(f"--factory {spec}: must be module:callable or symbol=module:callable")
    return symbol, factory


def _located(pair: tuple[str, str], folder: str) -> tuple[str, str]:
    """Make the file of a ``file.py:function`` factory absolute, so that the child finds it from anywhere."""
    place, _, name = pair[1].rpartition(":")
    return (pair[0], f"{Path(folder, place).absolute()}:{name}") if place.endswith(".py") else pair


def _progress(total: int, args: argparse.Namespace) -> Callable[[Finding], None] | None:
    """Return what shows on a terminal how far the run is, or None where nobody would see it."""
    if args.quiet or not sys.stderr.isatty():
        return None
    seen: list[str] = []

    def show(finding: Finding) -> None:
        seen.append(finding.symbol)
        sys.stderr.write(f"\r\x1b[K[{len(seen)}/{total}] {visible(finding.symbol)}"[:120])
        sys.stderr.flush()

    return show


def _print(report: Report, args: argparse.Namespace) -> None:
    if args.output_format == "json":
        from leaklint.reports import View, render

        text = render(report, "json", View())
    else:
        style = Style(not args.output_file and output.wants_color(args.color, sys.stdout))
        rows = [line for finding in report.findings for line in lines(finding, style, args.explain)]
        text = "".join(f"{line}\n" for line in rows) + ("" if args.quiet else f"{totals(report, style)}\n")
        output.say(report.problems, args.color)
        hint = _hint(report.findings, args)
        if hint and not args.quiet:
            output.write(f"{style.note('hint')}: {hint}\n", sys.stderr)
    if args.output_file:
        output.write_file(args.output_file, text)
    else:
        output.write(text)


def _hint(findings: Sequence[Finding], args: argparse.Namespace) -> str:
    """Return what most likely gets further the findings that could not be reached; nothing if nothing is known to."""
    reasons = [item.verdict.reason for item in findings if item.verdict and item.verdict.status == "unreached"]
    lacking = next((found[1] for reason in reasons if (found := _LACKING.search(reason))), "")
    if args.python and lacking:
        return f"{args.python} has no module {lacking}; install it there, or name another interpreter with --python"
    if lacking:
        return "this interpreter lacks what the project needs; name the project's own with --python PATH"
    if any("give a factory" in reason for reason in reasons):
        return "--factory file.py:function names a function of yours that makes the object"
    return ""


def lines(finding: Finding, style: Style, explain: bool) -> list[str]:
    """Return one line for a verdict, and with ``explain`` the chain of holders and the figures below it."""
    verdict = finding.verdict or proof.unproven()
    place = f"{style.bold(visible(finding.path))}:{finding.line}:{finding.column}:"
    message = f"{visible(finding.symbol)}: {visible(verdict.reason)}"
    found = [f"{place} {style.code(finding.code)} {style.status(verdict.status.upper())} {message}"]
    if explain:
        runtime = proof.to_runtime(verdict)
        found += [f"    {visible(line)}" for line in (*draw.text(runtime), draw.summary(runtime)) if line]
        found += [f"    {label}: {visible(text)}" for label, text in _background(verdict.cause, verdict.made_by)]
    return found


def _background(cause: str, made_by: str) -> list[tuple[str, str]]:
    return [(label, text) for label, text in (("cause", cause), ("made by", made_by)) if text]


def totals(report: Report, style: Style) -> str:
    """Return one line that counts the verdicts: of some that were tried, nothing was shown."""
    counts = Counter(item.verdict.status for item in report.findings if item.verdict)
    text = ", ".join(f"{count} {style.status(status)}" for status, count in sorted(counts.items()))
    return f"{len(report.findings)} finding{'' if len(report.findings) == 1 else 's'} tried: {text or 'none'}"
