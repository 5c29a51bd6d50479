"""One line a finding: ``path:line:column: LK101 message``."""

from __future__ import annotations

from leaklint.model import Finding, Report
from leaklint.reports import View
from leaklint.reports.escape import visible
from leaklint.reports.style import Style


def render(report: Report, view: View) -> str:
    """Return the findings a line each; problems are not part of it."""
    style = Style(view.color)
    return "".join(f"{headline(finding, style)}\n" for finding in report.findings)


def headline(finding: Finding, style: Style) -> str:
    """Return the one line that names a finding, its verdict in brackets where there is one."""
    place = f"{style.bold(visible(finding.path))}:{finding.line}:{finding.column}:"
    verdict = f" [{style.status(finding.verdict.status)}]" if finding.verdict else ""
    return f"{place} {style.code(finding.code)}{verdict} {visible(finding.message)}"
