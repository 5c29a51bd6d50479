"""Findings as the types of the language server protocol."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import quote

from lsprotocol import types as lsp

from leaklint.fixing import Change, Plan
from leaklint.model import Finding, Problem, Report, Verdict
from leaklint.reports.escape import visible
from leaklint.server.positions import Document, replacements

VERIFY = "leaklint.verify"
FIX_ALL = "source.fixAll.leaklint"
_SEVERITY = {
    "high": lsp.DiagnosticSeverity.Warning,
    "medium": lsp.DiagnosticSeverity.Warning,
    "low": lsp.DiagnosticSeverity.Information,
}


@dataclass(frozen=True, slots=True)
class Checked:
    """A document as it was checked. ``shown`` is its path as findings name it, ``verdicts`` are by fingerprint."""

    uri: str
    version: int
    shown: str
    text: Document
    report: Report
    verdicts: Mapping[str, Verdict] = field(default_factory=dict)

    def span(self, finding: Finding) -> lsp.Range:
        """Return the range of a finding of this document."""
        start = self.text.place(finding.line, finding.column)
        return _range(start, self.text.place(finding.end_line, finding.end_column))

    def at(self, selected: lsp.Range) -> list[Finding]:
        """Return the findings whose range meets ``selected``."""
        return [finding for finding in self.report.findings if _meet(self.span(finding), selected)]


def diagnostics(checked: Checked) -> list[lsp.Diagnostic]:
    """Return a diagnostic for each finding, and one for what kept the document from being read."""
    found = [_diagnostic(finding, checked) for finding in checked.report.findings]
    return found + [_problem(problem, checked.text) for problem in checked.report.problems]


def _diagnostic(finding: Finding, checked: Checked) -> lsp.Diagnostic:
    verdict = checked.verdicts.get(finding.fingerprint)
    text = f"\n{verdict.status}: {verdict.reason}" if verdict else ""
    related = [
        lsp.DiagnosticRelatedInformation(lsp.Location(_uri(item.path, checked), _point(item, checked)), item.message)
        for item in finding.related
    ]
    return lsp.Diagnostic(
        checked.span(finding),
        visible(finding.message) + text,
        severity=_SEVERITY[finding.confidence],
        code=finding.code,
        source="leaklint",
        related_information=related,
        data=finding.fingerprint,
    )


def _problem(problem: Problem, text: Document) -> lsp.Diagnostic:
    start = text.place(problem.line, 1)
    message = f"not checked: {visible(problem.message)}"
    return lsp.Diagnostic(_range(start, start), message, severity=lsp.DiagnosticSeverity.Information, source="leaklint")


def hover(checked: Checked, position: lsp.Position) -> lsp.Hover | None:
    """Return why what stands at ``position`` stays alive: on a finding, or on a line that fills its container."""
    for finding in checked.report.findings:
        spans = [checked.span(finding), *_stores(finding, checked)]
        for span in spans:
            if _holds(span, position):
                text = "\n".join(_page(finding, checked.verdicts.get(finding.fingerprint)))
                return lsp.Hover(lsp.MarkupContent(lsp.MarkupKind.Markdown, text), span)
    return None


def _stores(finding: Finding, checked: Checked) -> list[lsp.Range]:
    lines = checked.text.lines()
    here = [item for item in finding.related if item.path == checked.shown and item.line <= len(lines)]
    return [
        _range(checked.text.place(item.line, item.column), checked.text.place(item.line, len(lines[item.line - 1]) + 1))
        for item in here
    ]


def _page(finding: Finding, verdict: Verdict | None) -> Iterable[str]:
    yield f"**{finding.code}** {_plain(finding.message)}\n"
    yield "What keeps it alive:\n"
    yield from (f"{number}. {_plain(step)}" for number, step in enumerate(finding.retention, start=1))
    made = f": `{finding.fix.replacement}`" if finding.fix.replacement else ""
    yield f"\nRepair ({finding.fix.safety}){made}. {_plain(finding.fix.reason)}\n"
    if finding.hint:
        yield f"Seen at run time alone: {_plain(finding.hint)}\n"
    if verdict:
        yield f"Proof: **{verdict.status}**. {_plain(verdict.reason)}"
        yield from (f"\n```text\n{_chain(verdict)}\n```" for _ in verdict.path[:1])
    yield f"\n`leaklint explain {finding.code}` has the page of this rule."


def _chain(verdict: Verdict) -> str:
    from leaklint.proof import to_runtime
    from leaklint_runtime import draw

    return "\n".join(visible(line) for line in draw.text(to_runtime(verdict)))


def _plain(text: str) -> str:
    """Return ``text`` so that Markdown shows it as it is."""
    return "".join(f"\\{character}" if character in r"\`*_{}[]<>#|~&" else character for character in visible(text))


def lenses(checked: Checked) -> list[lsp.CodeLens]:
    """Return a lens above each finding that an experiment can decide."""
    shown = []
    for finding in checked.report.findings:
        if finding.probe is not None:
            verdict = checked.verdicts.get(finding.fingerprint)
            title = (
                f"{finding.code} {verdict.status}; prove again" if verdict else f"Prove {finding.code} (runs the code)"
            )
            command = lsp.Command(title, VERIFY, arguments=[checked.uri, finding.fingerprint])
            shown.append(lsp.CodeLens(checked.span(finding), command))
    return shown


def action(
    finding: Finding, done: Plan, checked: Checked, edit: Callable[[Sequence[Change]], lsp.WorkspaceEdit]
) -> lsp.CodeAction | None:
    """Return the action that repairs a finding as planned, or None where the plan does not repair it.

    A safe repair is preferred; an unsafe one says in its title what it assumes.
    """
    repaired = next((item for item in done.repaired if item.fingerprint == finding.fingerprint), None)
    if repaired is None or not done.changes:
        return None
    fix = repaired.fix
    unsafe = f" (unsafe: {visible(fix.reason)})" if fix.safety != "safe" else ""
    return lsp.CodeAction(
        f"Repair {finding.code}: {visible(fix.replacement) or 'rewrite'}{unsafe}",
        kind=lsp.CodeActionKind.QuickFix,
        diagnostics=[_diagnostic(finding, checked)],
        is_preferred=fix.safety == "safe",
        edit=edit(done.changes),
    )


def refused(finding: Finding, done: Plan, checked: Checked) -> lsp.CodeAction:
    """Return the action that cannot be chosen and says why nothing repairs the finding."""
    why = next((left.why for left in done.left if left.finding.fingerprint == finding.fingerprint), finding.fix.reason)
    return lsp.CodeAction(
        f"Repair {finding.code}",
        kind=lsp.CodeActionKind.QuickFix,
        diagnostics=[_diagnostic(finding, checked)],
        disabled=lsp.CodeActionDisabled(visible(why) or "nothing repairs this certainly"),
    )


def workspace_edit(
    changes: Sequence[Change], documents: Mapping[str, tuple[str, int]], unit: str, versioned: bool
) -> lsp.WorkspaceEdit:
    """Return the changes as edits; ``documents`` gives URI and version of what is open, by absolute path."""
    opened = [(documents.get(os.path.abspath(change.path)), change) for change in changes]
    edits = [
        ((known[0], known[1]) if known else (uri_of(change.path), None), _text_edits(change, unit))
        for known, change in opened
    ]
    if not versioned:
        return lsp.WorkspaceEdit(changes={uri: rows for (uri, _), rows in edits})
    documents_changed = [
        lsp.TextDocumentEdit(lsp.OptionalVersionedTextDocumentIdentifier(uri, version), rows)
        for (uri, version), rows in edits
    ]
    return lsp.WorkspaceEdit(document_changes=documents_changed)


def _text_edits(change: Change, unit: str) -> list[lsp.TextEdit]:
    rows = replacements(Document(change.before, unit), change.after)
    return [lsp.TextEdit(_range(row.start, row.end), row.text) for row in rows]


def uri_of(path: str) -> str:
    """Return the ``file:`` URI of a path, which may be relative to the working directory."""
    full = os.path.abspath(path).replace(os.sep, "/")
    return "file://" + quote(full if full.startswith("/") else f"/{full}")


def _uri(path: str, checked: Checked) -> str:
    return checked.uri if path == checked.shown else uri_of(path)


def _point(place: object, checked: Checked) -> lsp.Range:
    line, column = getattr(place, "line", 1), getattr(place, "column", 1)
    if getattr(place, "path", "") == checked.shown:
        start = checked.text.place(line, column)
    else:  # a file that is not read here; its columns are as characters
        start = (max(line - 1, 0), max(column - 1, 0))
    return _range(start, start)


def _range(start: tuple[int, int], end: tuple[int, int]) -> lsp.Range:
    return lsp.Range(lsp.Position(*start), lsp.Position(*end))


def _meet(first: lsp.Range, second: lsp.Range) -> bool:
    return first.start <= second.end and second.start <= first.end


def _holds(span: lsp.Range, position: lsp.Position) -> bool:
    return span.start <= position <= span.end
