"""GitLab's Code Quality report: a JSON list of issues."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from typing import Any

from leaklint.model import Finding, Problem, Report
from leaklint.reports import View

_SEVERITY = {"high": "major", "medium": "minor", "low": "info"}


def render(report: Report, view: View) -> str:
    """Return the list, indented. Fingerprints are made unique, as GitLab asks: alike findings are numbered."""
    seen: Counter[str] = Counter()
    issues = [_finding(finding, seen) for finding in report.findings]
    issues += [_problem(problem, seen) for problem in report.problems]
    return json.dumps(issues, indent=2) + "\n"


def _finding(finding: Finding, counts: Counter[str]) -> dict[str, Any]:
    return {
        "check_name": f"{finding.code} {finding.name}",
        "description": f"{finding.code} {finding.message}",
        "severity": _SEVERITY[finding.confidence],
        "fingerprint": _unique(finding.fingerprint, counts),
        "location": {"path": finding.path, "lines": {"begin": finding.line, "end": finding.end_line}},
    }


def _problem(problem: Problem, counts: Counter[str]) -> dict[str, Any]:
    return {
        "check_name": "leaklint problem",
        "description": problem.message,
        "severity": "blocker",
        "fingerprint": _unique(f"{problem.path}\0{problem.message}", counts),
        "location": {"path": problem.path, "lines": {"begin": max(problem.line, 1)}},
    }


def _unique(name: str, counts: Counter[str]) -> str:
    counts[name] += 1
    return hashlib.sha256(f"{name}\0{counts[name]}".encode(errors="surrogatepass")).hexdigest()
