"""The JSON contract: one object that holds the whole report (``docs/json.md``)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from leaklint import __version__
from leaklint.config import ConfigError
from leaklint.model import Report, from_json, to_json
from leaklint.reports import View

VERSION = 1


def render(report: Report, view: View) -> str:
    """Return the report as an indented object in ASCII."""
    return json.dumps(document(report), indent=2) + "\n"


def load(path: Path) -> Report:
    """Read a report that ``render`` wrote, or the findings of a profile that ``leaklint profile`` wrote as JSON.

    Raises ``ConfigError`` for a missing file, another version's report, and for what is neither.
    """
    try:
        whole = json.loads(path.read_text(encoding="utf-8"))
        if whole["version"] != VERSION:
            raise ConfigError(f"{path}: report version {whole['version']!r} is not known; check again")
        if "findings" not in whole and "samples" in whole:
            from leaklint.discovered.document import findings_of

            return Report(findings_of(whole))
        return from_json(Report, {**whole, "findings": whole["findings"]})
    except OSError as error:
        raise ConfigError(f"{path}: cannot read the report: {error.strerror}") from error
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        text = "not a report of 'leaklint check --output-format json' nor a profile of 'leaklint profile'"
        raise ConfigError(f"{path}: {text}") from error


def document(report: Report) -> dict[str, Any]:
    """Return the report as the contract's object."""
    return {"version": VERSION, "tool": {"name": "leaklint", "version": __version__}, **to_json(report)}
