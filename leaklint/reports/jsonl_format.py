"""The JSON contract a line at a time, each object with its ``type``: findings, problems, and the summary last."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from leaklint.model import Report
from leaklint.reports import View
from leaklint.reports.json_format import document


def render(report: Report, view: View) -> str:
    """Return one object a line."""
    return "".join(json.dumps(item) + "\n" for item in _records(document(report)))


def _records(whole: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield from ({"type": "finding", **finding} for finding in whole["findings"])
    yield from ({"type": "problem", **problem} for problem in whole["problems"])
    yield {"type": "summary", "version": whole["version"], "tool": whole["tool"], **whole["summary"]}
