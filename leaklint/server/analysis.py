"""What the language server asks of the engine, in terms of paths, texts and findings; nothing here knows the protocol.

Diagnostics come from one text and the files of the project that it imports, as for ``leaklint check --stdin-filename``.
A repair is worked out over the whole project, since another file may do what a weak container cannot.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from leaklint import baseline
from leaklint.config import Settings
from leaklint.discovery import excluded
from leaklint.engine import check, check_one, module_name, relative
from leaklint.fixing import FixOptions, Plan, plan
from leaklint.model import Finding, Report, Verdict
from leaklint.source import Source, SourceError
from leaklint.writing import obstacle

if TYPE_CHECKING:
    from leaklint.proof import VerifyOptions


class CommandLine(NamedTuple):
    """What the options that the server was started with make of a configuration; both raise ``ConfigError``.

    ``settings`` gives those for one file, ``experiment`` how findings are proven under them.
    """

    settings: Callable[[str], Settings]
    experiment: Callable[[Settings], VerifyOptions]


def findings_in(path: str, text: str, settings: Settings) -> Report:
    """Return the report on ``text`` as the file ``path``, without what the excludes or the baseline cover."""
    if excluded(path, settings):
        return Report()
    report = check_one(text, path, settings)
    if not settings.baseline:
        return report
    file = Path(settings.root, settings.baseline)
    new, _ = baseline.compare(report.findings, baseline.load(file), file.absolute().parent)
    return replace(report, findings=new)


def project_of(path: str, folders: Sequence[str], settings: Settings) -> str:
    """Return what a repair of ``path`` looks at: the editor's folder, the configured one, the package, or the file."""
    holding = [folder for folder in folders if _inside(path, folder)]
    if holding:
        return max(holding, key=len)
    if settings.source and _inside(path, settings.root):
        return settings.root
    root, module = module_name(path)
    return os.path.join(root, module.partition(".")[0]) if "." in module else path


def repair(path: str, texts: Mapping[str, str], project: str, settings: Settings, only: frozenset[str]) -> Plan:
    """Return the plan that repairs the findings with these fingerprints, unsafe ones too.

    ``texts`` are the open documents by absolute path; they are read in the place of what is on the disk.
    """
    if not only:
        return Plan()
    paths = (project,) if _inside(path, project) else (project, path)
    sources = {relative(file): Source(relative(file), text) for file, text in texts.items() if _parses(file, text)}
    report = check(paths, settings, texts)
    return plan(report, settings, FixOptions(paths, True, lambda one: obstacle(one, paths), only), sources=sources)


def saved(path: str, text: str) -> bool:
    """Tell whether the disk holds this very text."""
    try:
        return Source.read(path).text == text
    except SourceError:
        return False


def prove(finding: Finding, options: VerifyOptions) -> Verdict:
    """Run the experiment on one finding; this runs the project's code in a child process.

    Raises ``InterpreterError`` without an interpreter.
    """
    from leaklint import proof

    (proven,) = proof.verify((finding,), options)
    return proven.verdict or proof.unproven()


def _parses(file: str, text: str) -> bool:
    try:
        return bool(Source(file, text).tree)
    except SourceError:
        return False


def _inside(path: str, folder: str) -> bool:
    try:
        return os.path.commonpath([os.path.abspath(path), os.path.abspath(folder)]) == os.path.abspath(folder)
    except ValueError:  # different drives
        return False
