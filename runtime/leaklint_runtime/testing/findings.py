"""The findings of the project: from a report, or from leaklint itself in a process of its own."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from typing import Any, Dict, NamedTuple

from ..wire import WireProbe, probe_from
from .options import PluginOptions

Document = Dict[str, Any]
_WAY_OUT = "write one with: leaklint check --output-format json --output-file FILE PATH"


class FindingsError(Exception):
    """There are no findings to be had; the text is one line and names the way out."""


class Flagged(NamedTuple):
    """One finding. ``place`` is ``path:line``; ``probe`` is None where leaklint knows of no experiment."""

    code: str
    symbol: str
    fingerprint: str
    path: str
    line: int
    probe: WireProbe | None

    @property
    def name(self) -> str:
        """Return what the finding is called in reports."""
        return f"{self.code} {self.symbol}"


def document(settings: PluginOptions) -> Document:
    """Return the JSON report of ``leaklint check``. Raises ``FindingsError``."""
    if settings.findings:
        try:
            with open(settings.findings, encoding="utf-8") as source:
                return _checked(source.read(), settings.findings)
        except (OSError, UnicodeDecodeError) as error:
            raise FindingsError(f"{settings.findings}: cannot read the findings: {error}") from None
    if sys.version_info < (3, 11) or importlib.util.find_spec("leaklint") is None:
        text = f"leaklint is not installed beside {sys.executable}; give --leaklint-findings FILE ({_WAY_OUT})"
        raise FindingsError(text)
    words = [sys.executable, "-m", "leaklint", "check", "--exit-zero", "--output-format", "json", *settings.paths]
    done = subprocess.run(words, cwd=settings.root, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    if done.returncode:
        lines = done.stderr.decode("utf-8", "replace").strip().splitlines() or ["no message"]
        raise FindingsError(f"leaklint check ended with status {done.returncode}: {lines[-1]}")
    return _checked(done.stdout.decode("utf-8"), "leaklint check")


def _checked(text: str, source: str) -> Document:
    try:
        value = json.loads(text)
    except ValueError as error:
        raise FindingsError(f"{source}: not a JSON report ({error}); {_WAY_OUT}") from None
    if not isinstance(value, dict) or value.get("version") != 1 or not isinstance(value.get("findings"), list):
        raise FindingsError(f"{source}: not a report of leaklint check, version 1; {_WAY_OUT}")
    flagged(value, source)
    return value


def flagged(report: Document, source: str = "the report") -> list[Flagged]:
    """Return the findings of a report, one for each fingerprint. Raises ``FindingsError``."""
    found: dict[str, Flagged] = {}
    for number, item in enumerate(report["findings"]):
        try:
            probe = probe_from(item["probe"]) if item.get("probe") else None
            one = Flagged(
                item["code"], item["symbol"], item["fingerprint"], item["path"], int(item.get("line", 1)), probe
            )
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise FindingsError(f"{source}: finding {number + 1} cannot be read: {error}; {_WAY_OUT}") from None
        found.setdefault(one.fingerprint, one)
    return list(found.values())


def write(report: Document, verdicts: dict[str, Document], file: str) -> None:
    """Write the report with the verdicts (by fingerprint) filled in."""
    findings = [{**item, "verdict": verdicts.get(item["fingerprint"])} for item in report["findings"]]
    folder = os.path.dirname(os.path.abspath(file))
    os.makedirs(folder, exist_ok=True)
    with open(file, "w", encoding="utf-8") as target:
        json.dump({**report, "findings": findings}, target, indent=1)
        target.write("\n")


def dumped(report: Document) -> str:
    """Return a report as text that ``loaded`` reads."""
    return json.dumps(report)


def loaded(text: str) -> Document:
    """Return the report in a text of ``dumped``."""
    value: Document = json.loads(text)
    return value
