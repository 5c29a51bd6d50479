"""The small pytest that proves a finding today and guards its repair from then on."""

from __future__ import annotations

import re
import textwrap

from leaklint.model import Finding, Probe, Verdict

ROUNDS = 8
_WEAK = "weak reference"


class EmitError(Exception):
    """A finding for which no test can be written; the text says why and the way out."""


def emit(finding: Finding) -> str:
    """Return the source of a test module for a proven finding.

    The test makes ``ROUNDS`` objects the way the experiment did, lets go of them, collects, and asserts that none is
    alive; for a finding that is about growth alone, that the container has not grown. Raises ``EmitError`` for a
    finding that was not proven, or whose objects were made in a way that cannot be written down.
    """
    verdict, probe = finding.verdict, finding.probe
    if verdict is None or probe is None or verdict.status == "unreached":
        reason = verdict.reason if verdict else "it was not proven"
        raise EmitError(f"no test for {finding.symbol}: {reason}")
    if not verdict.recipe:
        raise EmitError(f"no test for {finding.symbol}: give a factory that can be imported")
    imports, statements = _parts(verdict.recipe)
    if probe.track == "growth":
        body, more = _growth(probe, statements)
    elif verdict.tracked == _WEAK:
        body, more = _by_reference(finding, statements)
    else:
        body, more = _by_tracker(finding, statements)
    names = sorted({*imports, *more})
    standard = [name for name in names if name.partition(".")[0] in _STANDARD]
    others = [name for name in names if name not in standard and not name.startswith("from ")]
    froms = [name for name in names if name.startswith("from ")]
    groups = [[f"import {name}" for name in standard], [f"import {name}" for name in others], froms]
    head = "\n\n".join("\n".join(group) for group in groups if group)
    return (
        f'"""{_title(finding, verdict)}"""\n\n{head}\n\n\ndef test_{_name(finding)}():\n{textwrap.indent(body, "    ")}'
    )


_STANDARD = {"asyncio", "datetime", "gc", "io", "logging", "pathlib", "re", "weakref"}


def _title(finding: Finding, verdict: Verdict) -> str:
    return f"{finding.code}: {finding.symbol} must let go of what it was given ({verdict.status} by leaklint)."


def _name(finding: Finding) -> str:
    """Return an identifier made of the symbol without its module, and of the start of the fingerprint."""
    words = re.sub(r"\W+", "_", finding.symbol.rpartition(":")[2]).strip("_").lower()
    return f"{words}_lets_go_{finding.fingerprint[:6]}"


def _parts(recipe: str) -> tuple[list[str], str]:
    """Split a recipe into the modules it imports and its statements."""
    lines = recipe.splitlines()
    imports = [line.removeprefix("import ") for line in lines if line.startswith("import ")]
    return imports, "\n".join(line for line in lines if not line.startswith("import "))


def _loop(statements: str, last: str) -> str:
    return f"for number in range({ROUNDS}):\n{textwrap.indent(statements, '    ')}\n    {last}\n    del made\n"


def _by_reference(finding: Finding, statements: str) -> tuple[str, list[str]]:
    alive = "sum(reference() is not None for reference in references)"
    lines = _watched(finding, statements, "references = []", "references.append(weakref.ref(made))", alive)
    return lines, ["gc", "weakref"]


def _by_tracker(finding: Finding, statements: str) -> tuple[str, list[str]]:
    """Write a test for objects that cannot be weakly referenced."""
    add = "tracker = tracker or tracker_for(made)\n    tracker.add(made)"
    lines = _watched(finding, statements, "tracker = None", add, "tracker.alive()")
    return lines, ["gc", "from leaklint_runtime.trackers import tracker_for"]


def _watched(finding: Finding, statements: str, start: str, add: str, alive: str) -> str:
    return f"{start}\n{_loop(statements, add)}gc.collect()\nalive = {alive}\n{_assertion(finding)}"


def _assertion(finding: Finding) -> str:
    return f'assert alive == 0, f"{{alive}} of {ROUNDS} objects are kept by {finding.symbol}"\n'


def _growth(probe: Probe, statements: str) -> tuple[str, list[str]]:
    if not probe.container or probe.container_kind == "closure":
        raise EmitError(f"no test for {probe.symbol}: its holder has no name that a test could measure")
    holder = f"{probe.module}.{probe.container}"
    size = f"{holder}.cache_info().currsize" if probe.container_kind == "memo" else f"len({holder})"
    lines = (
        f"before = {size}\nfor number in range({ROUNDS}):\n{textwrap.indent(statements, '    ')}\n"
        f'grown = {size} - before\nassert grown < {ROUNDS}, f"{probe.symbol} grew by {{grown}} in {ROUNDS} calls"\n'
    )
    return lines, [probe.module]
