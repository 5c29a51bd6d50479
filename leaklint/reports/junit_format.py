"""JUnit XML: a failed test case a finding, an erroneous one a problem, a passed one where there is neither."""

from __future__ import annotations

from collections.abc import Iterator

from leaklint.model import Finding, Problem, Report
from leaklint.reports import View
from leaklint.reports.escape import xml


def render(report: Report, view: View) -> str:
    """Return the document."""
    failures, errors = len(report.findings), len(report.problems)
    cases = [*map(_finding, report.findings), *map(_problem, report.problems)] or [_clean(report)]
    counts = f'tests="{len(cases)}" failures="{failures}" errors="{errors}" time="{report.summary.seconds:.3f}"'
    body = "".join(cases)
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        f'<testsuites name="leaklint" {counts}>\n<testsuite name="leaklint" skipped="0" {counts}>\n'
        f"{body}</testsuite>\n</testsuites>\n"
    )


def _finding(finding: Finding) -> str:
    told = "\n".join(map(xml, _told(finding)))
    return (
        f'<testcase classname="{xml(finding.path)}" name="{xml(f"{finding.code} {finding.symbol}")}" '
        f'file="{xml(finding.path)}" line="{finding.line}" time="0">\n'
        f'<failure type="{xml(finding.code)}" message="{xml(finding.message)}">{told}</failure>\n</testcase>\n'
    )


def _told(finding: Finding) -> Iterator[str]:
    yield f"{finding.path}:{finding.line}:{finding.column}: {finding.code} {finding.message}"
    yield from (f"  -> {step}" for step in finding.retention)
    yield from (f"{item.path}:{item.line}:{item.column}: {item.message}" for item in finding.related)
    if finding.verdict:
        yield f"{finding.verdict.status}: {finding.verdict.reason}"


def _problem(problem: Problem) -> str:
    place = f"{problem.path}:{problem.line}" if problem.line else problem.path
    return (
        f'<testcase classname="{xml(problem.path)}" name="{xml(f"problem {place}")}" time="0">\n'
        f'<error type="problem" message="{xml(problem.message)}"/>\n</testcase>\n'
    )


def _clean(report: Report) -> str:
    return f'<testcase classname="leaklint" name="{report.summary.files} files without a finding" time="0"/>\n'
