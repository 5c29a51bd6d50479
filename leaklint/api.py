"""leaklint from Python: what the command line does, as functions on plain data.

    from leaklint import api

    settings = api.load_settings("src")
    report = api.check(["src"], settings)
    for finding in report.findings:
        print(finding.path, finding.line, finding.code, finding.retention)

Everything is typed, takes and returns the frozen dataclasses of ``leaklint.model``, prints nothing and never ends the
process. ``check``, ``check_text`` and ``repair`` neither import nor run the code they read; ``verify`` runs it in child
processes. The names in ``__all__`` follow semantic versioning; other modules do not.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from leaklint import fixing, proof
from leaklint.config import ConfigError, Settings, load
from leaklint.engine import check, check_one
from leaklint.fixing import Plan
from leaklint.model import (
    Edit,
    Finding,
    Fix,
    Location,
    Probe,
    Problem,
    Related,
    Report,
    Summary,
    Verdict,
    from_json,
    to_json,
)
from leaklint.proof import InterpreterError, VerifyOptions
from leaklint.reports import FORMATS, View, render

__all__ = [
    "FORMATS",
    "ConfigError",
    "Edit",
    "Finding",
    "Fix",
    "InterpreterError",
    "Location",
    "Plan",
    "Probe",
    "Problem",
    "Related",
    "Report",
    "Settings",
    "Summary",
    "Verdict",
    "VerifyOptions",
    "View",
    "check",
    "check_text",
    "from_json",
    "load_settings",
    "render",
    "repair",
    "to_json",
    "verify",
]


def load_settings(start: str | os.PathLike[str] = ".") -> Settings:
    """Return the settings of the nearest ``pyproject.toml`` at or above the folder ``start``, else the defaults.

    Raises ``ConfigError``, whose text is one line with file and line, for a configuration that is not understood.
    """
    return load(Path(start))


def check_text(text: str, path: str, settings: Settings) -> Report:
    """Check ``text`` as if it were the file ``path``, together with the files of the project that it imports."""
    return check_one(text, path, settings)


def repair(report: Report, settings: Settings, paths: Sequence[str], unsafe: bool = False) -> Plan:
    """Return what would repair the findings of a fresh ``report`` on ``paths``; nothing is written.

    Each of the plan's ``changes`` has a ``path``, the text ``before`` and ``after``, and the findings that it repairs;
    ``left`` says why the others are not. ``unsafe`` admits repairs that assume something.
    """
    return fixing.plan(report, settings, fixing.FixOptions(tuple(paths), unsafe))


def verify(
    findings: Sequence[Finding],
    options: VerifyOptions | None = None,
    progress: Callable[[Finding], None] | None = None,
) -> tuple[Finding, ...]:
    """Return the findings, in order, each with a verdict. This runs the code under analysis, in child processes.

    Raises ``InterpreterError`` if the interpreter of the options cannot be started.
    """
    return proof.verify(findings, options or VerifyOptions(), progress)
