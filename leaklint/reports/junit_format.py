"""JUnit XML: a failed test case a finding, an erroneous one a problem, a passed one where there is neither."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from leaklint.model import Finding, Problem, Report
from leaklint.reports import View
from leaklint.reports.escape import for_xml, visible


def render(report: Report, view: View) -> str:
    """Return the document; what is not ASCII stands in it as character references, which cannot act on a terminal."""
    failures, errors = len(report.findings), len(report.problems)
    counts = {
        "tests": str(failures + errors or 1),
        "failures": str(failures),
        "errors": str(errors),
        "time": f"{report.summary.seconds:.3f}",
    }
    root = Element("testsuites", {"name": "leaklint", **counts})
    suite = SubElement(root, "testsuite", {"name": "leaklint", "skipped": "0", **counts})
    for finding in report.findings:
        _add_finding(suite, finding)
    for problem in report.problems:
        _add_problem(suite, problem)
    if not failures + errors:
        _add_case(suite, "leaklint", f"{report.summary.files} files without a finding")
    indent(root, space="")
    return '<?xml version="1.0" encoding="utf-8"?>\n' + str(tostring(root, "us-ascii"), "ascii") + "\n"


def _add_case(suite: Element, path: str, name: str) -> Element:
    return SubElement(suite, "testcase", {"classname": for_xml(path), "name": for_xml(name), "time": "0"})


def _add_finding(suite: Element, finding: Finding) -> None:
    case = _add_case(suite, finding.path, f"{finding.code} {finding.symbol}")
    case.set("file", for_xml(finding.path))
    case.set("line", str(finding.line))
    failure = SubElement(case, "failure", {"type": for_xml(finding.code), "message": for_xml(finding.message)})
    failure.text = "\n".join(map(visible, _details(finding)))


def _details(finding: Finding) -> Iterator[str]:
    """Yield the lines of a failure: the finding, its retention path, related places and the verdict."""
    yield f"{finding.path}:{finding.line}:{finding.column}: {finding.code} {finding.message}"
    yield from (f"  -> {step}" for step in finding.retention)
    yield from (f"{item.path}:{item.line}:{item.column}: {item.message}" for item in finding.related)
    if finding.verdict:
        yield f"{finding.verdict.status}: {finding.verdict.reason}"


def _add_problem(suite: Element, problem: Problem) -> None:
    place = f"{problem.path}:{problem.line}" if problem.line else problem.path
    case = _add_case(suite, problem.path, f"problem {place}")
    SubElement(case, "error", {"type": "problem", "message": for_xml(problem.message)})
