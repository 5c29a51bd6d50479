"""SARIF 2.1.0, the format of code-scanning services.

A finding becomes a result at its container; stores are related locations, the retention path is a code flow, and a
repair that has edits is a fix. Columns count code points, as SARIF's ``unicodeCodePoints`` does.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any
from urllib.parse import quote

from leaklint import __version__
from leaklint.model import Edit, Finding, Problem, Related, Report
from leaklint.reports import View

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVEL = {"high": "error", "medium": "warning", "low": "note"}


def render(report: Report, view: View) -> str:
    """Return the log as indented JSON in ASCII."""
    codes = {finding.code: finding.name for finding in report.findings}
    order = sorted(codes)
    run = {
        "tool": {
            "driver": {
                "name": "leaklint",
                "version": __version__,
                "semanticVersion": __version__,
                "rules": [_rule(code, codes[code], view.rules) for code in order],
            }
        },
        "columnKind": "unicodeCodePoints",
        "invocations": [
            {
                "executionSuccessful": not report.problems,
                "toolExecutionNotifications": [_notification(problem) for problem in report.problems],
            }
        ],
        "results": [_result(finding, order.index(finding.code)) for finding in report.findings],
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def _rule(code: str, name: str, docs: Mapping[str, str]) -> dict[str, Any]:
    rule: dict[str, Any] = {"id": code, "name": name, "shortDescription": {"text": name.replace("-", " ")}}
    text = docs.get(code, "").strip()
    if text:
        rule["shortDescription"] = {"text": text.splitlines()[0]}
        rule["fullDescription"] = {"text": text}
        rule["help"] = {"text": text, "markdown": text}
    return rule


def _result(finding: Finding, index: int) -> dict[str, Any]:
    end = {"endLine": finding.end_line, "endColumn": finding.end_column}
    place = _physical(finding.path, finding.line, finding.column, end)
    result: dict[str, Any] = {
        "ruleId": finding.code,
        "ruleIndex": index,
        "level": _LEVEL[finding.confidence],
        "message": {"text": finding.message},
        "locations": [{**place, "logicalLocations": [{"fullyQualifiedName": finding.symbol}]}],
        "partialFingerprints": {"leaklint/v1": finding.fingerprint},
        "properties": {
            "confidence": finding.confidence,
            "fixSafety": finding.fix.safety,
            "origin": finding.origin,
            **({"hint": finding.hint} if finding.hint else {}),
        },
    }
    if finding.related:
        result["relatedLocations"] = [_related(item, number) for number, item in enumerate(finding.related)]
    if finding.retention:
        result["codeFlows"] = [_flow(finding, place)]
    if finding.fix.edits:
        result["fixes"] = [_fix(finding)]
    if finding.verdict:
        result["properties"]["verdict"] = finding.verdict.status
        result["properties"]["verdictReason"] = finding.verdict.reason
    return result


def _flow(finding: Finding, place: Mapping[str, Any]) -> dict[str, Any]:
    """Return the way into the container (its stores), then what it keeps, told at the container."""
    stores = [_with_message(_physical(item.path, item.line, item.column), item.message) for item in finding.related]
    kept = [_with_message(place, step) for step in finding.retention]
    steps = [{"location": step} for step in (*stores, *kept)]
    return {"message": {"text": "why the object stays alive"}, "threadFlows": [{"locations": steps}]}


def _related(related: Related, number: int) -> dict[str, Any]:
    return {"id": number, **_with_message(_physical(related.path, related.line, related.column), related.message)}


def _with_message(place: Mapping[str, Any], message: str) -> dict[str, Any]:
    return {**place, "message": {"text": message}}


def _physical(path: str, line: int, column: int = 0, end: Mapping[str, int] | None = None) -> dict[str, Any]:
    physical: dict[str, Any] = {"artifactLocation": {"uri": _uri(path)}}
    if line:
        start = {"startLine": line, **({"startColumn": column} if column else {})}
        physical["region"] = {**start, **(end or {})}
    return {"physicalLocation": physical}


def _fix(finding: Finding) -> dict[str, Any]:
    paths = dict.fromkeys(edit.path for edit in finding.fix.edits)
    changes = [
        {
            "artifactLocation": {"uri": _uri(path)},
            "replacements": [_replacement(edit) for edit in finding.fix.edits if edit.path == path],
        }
        for path in paths
    ]
    text = f"{finding.fix.safety} repair: {finding.fix.replacement or finding.fix.reason}"
    return {"description": {"text": text}, "artifactChanges": changes}


def _replacement(edit: Edit) -> dict[str, Any]:
    region = {"charOffset": edit.start, "charLength": edit.end - edit.start}
    return {"deletedRegion": region, "insertedContent": {"text": edit.text}}


def _notification(problem: Problem) -> dict[str, Any]:
    return {
        "level": "error",
        "message": {"text": problem.message},
        "locations": [_physical(problem.path, problem.line)],
    }


def _uri(path: str) -> str:
    """Return a relative reference, or a file URI for an absolute path."""
    pure = PurePath(path)
    posix = pure.as_posix()
    try:
        raw = os.fsencode(posix)
    except UnicodeEncodeError:  # a name that no file can have
        raw = posix.encode("utf-8", "replace")
    quoted = quote(raw)
    return f"file:///{quoted.lstrip('/')}" if pure.is_absolute() else quoted
