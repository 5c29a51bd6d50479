"""Repairs for findings: what leaks, and why, the analysis or a run has said; here it is worked out what can be done.

A finding comes with what the heap knows of it, and nothing of that is asked again. Facts that keep every reference with its
place in the text tell where a repair would have to edit, and what it would break.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from leaklint.internal import described
from leaklint.model import Finding, Fix
from leaklint.records import replace

if TYPE_CHECKING:
    from collections.abc import Iterable

    from leaklint.drafts.view import RepairContext
    from leaklint.rules.context import Case, Context

_MOST_RELATED = 8
_UNREAD = Fix("none", "", "its file could not be read")
_MISSED = Fix("none", "", "it is removed on other ways: that this one removes it, too, is for a person to write")
_BOUND = "bound it or remove entries when their owner is done"
_RAISE = "raise a new one each time, or this one .with_traceback(None)"


def repaired(cases: Iterable[Case], context: Context) -> list[Finding]:
    """Return findings with what repairs them, and with advice that is what the repair would do."""
    from leaklint.drafts.view import view_of

    cases = sorted(cases, key=lambda case: case.finding.path)  # the trees of a file serve those after each other
    view = view_of(cases, context)
    found = (_repaired(case, view) for case in cases)
    return [finding for finding in found if finding is not None]


def _repaired(case: Case, view: RepairContext | None) -> Finding | None:
    finding = case.finding
    if case.subject is None:
        from leaklint.drafts import observed

        alone = observed.repaired(view, finding) if view is not None else replace(finding, fix=_UNREAD)
        if alone is None:
            return None
        return replace(alone, message=f"{alone.message}; {_advice(case, alone.fix)}")
    fix = _worked_out(case, view) if view is not None else _UNREAD
    shown = f"; at run time {case.seen.message.partition(';')[0]}" if case.seen is not None else ""
    message = f"{finding.message}; {_advice(case, fix)}{shown}"
    return replace(finding, fix=fix, message=message, related=finding.related[:_MOST_RELATED])


def _worked_out(case: Case, view: RepairContext) -> Fix:
    """Return the repair of a finding; an error of leaklint itself costs the repair and not the finding."""
    try:
        return _fix(case, view)
    except Exception as error:
        return Fix("none", "", described(error))


def _fix(case: Case, view: RepairContext) -> Fix:
    """Return the repair that the subject of a finding asks for."""
    from leaklint.drafts import calls, containers, weak
    from leaklint.heap.handlers import Handler
    from leaklint.heap.memoisation import Memo
    from leaklint.heap.registration import Registration
    from leaklint.heap.retained import Retention
    from leaklint.heap.weakness import Weak

    code = case.finding.code
    match case.subject:
        case Retention() as retention if retention.release.missed is not None:
            return _MISSED
        case Retention() as retention:
            return containers.repaired(view, code, retention)
        case Memo() as memo:
            return calls.memo(view, code, memo)
        case Registration() as registration:
            return calls.registration(view, registration)
        case Handler() as handler:
            return calls.handler(view, handler)
        case Weak() as one:
            return weak.in_effect(view, one)
    return calls.TABLE


def _advice(case: Case, fix: Fix) -> str:
    """Return in a few words what would repair a finding, or what to do by hand."""
    if fix.safety != "none" and fix.replacement:
        verb = "keep" if fix.replacement.startswith("at most") else "use"
        return f"{verb} {fix.replacement}"
    from leaklint.drafts.calls import undoing
    from leaklint.heap.handlers import Handler
    from leaklint.heap.registration import Registration
    from leaklint.heap.retained import Retention
    from leaklint.heap.standard_tables import Table

    if isinstance(case.subject, Table) and case.subject.contract is not None and case.subject.contract.advice:
        return case.subject.contract.advice
    if isinstance(case.subject, Retention) and case.subject.first.retained.kind == "traceback":
        return _RAISE
    if isinstance(case.subject, (Handler, Registration)):
        return undoing(case.subject)
    if isinstance(case.subject, Retention) and case.subject.release.missed is not None:
        return case.subject.release.missed.advice
    return undoing(None) if case.finding.code in {"LK401", "LK402", "LK601", "LK602"} else _BOUND
