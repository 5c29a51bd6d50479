"""Workflow commands that GitHub Actions turns into annotations."""

from __future__ import annotations

from leaklint.model import Finding, Problem, Report
from leaklint.reports import View
from leaklint.reports.escape import command_data, command_property


def render(report: Report, view: View) -> str:
    """Return one ``::error`` command a finding and a problem."""
    commands = [*map(_finding, report.findings), *map(_problem, report.problems)]
    return "".join(f"{command}\n" for command in commands)


def _finding(finding: Finding) -> str:
    fields = {
        "title": f"leaklint ({finding.code})",
        "file": finding.path,
        "line": str(finding.line),
        "col": str(finding.column),
        "endLine": str(finding.end_line),
        "endColumn": str(finding.end_column),
    }
    kept = "".join(f"\n  -> {step}" for step in finding.retention)
    verdict = f"\n{finding.verdict.status}: {finding.verdict.reason}" if finding.verdict else ""
    return _command(
        fields, f"{finding.path}:{finding.line}:{finding.column}: {finding.code} {finding.message}{kept}{verdict}"
    )


def _problem(problem: Problem) -> str:
    line = {"line": str(problem.line)} if problem.line else {}
    return _command({"title": "leaklint", "file": problem.path, **line}, f"{problem.path}: {problem.message}")


def _command(fields: dict[str, str], message: str) -> str:
    text = ",".join(f"{name}={command_property(value)}" for name, value in fields.items())
    return f"::error {text}::{command_data(message)}"
