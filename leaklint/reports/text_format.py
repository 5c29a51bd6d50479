"""The report people read: each finding with its source, its retention path, its repair and its verdict."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from leaklint.model import Finding, Report
from leaklint.reports import View
from leaklint.reports.concise_format import headline
from leaklint.reports.escape import visible
from leaklint.reports.style import Style

_REPAIRS = {"safe": "repair", "unsafe": "repair, unsafe", "none": "by hand"}


def render(report: Report, view: View) -> str:
    """Return every finding as a block, then one line of totals unless the view is quiet."""
    style = Style(view.color)
    blocks = ["".join(f"{line}\n" for line in block(finding, view)) for finding in report.findings]
    if not view.quiet:
        blocks.append(f"{totals(report, style, view.hidden)}\n")
    return "\n".join(blocks)


def block(finding: Finding, view: View) -> Iterator[str]:
    """Yield the lines of one finding."""
    style = Style(view.color)
    yield headline(finding, style)
    yield from (f"  {row}" for row in _source(finding, view, style))
    yield from _labelled("kept by", tuple(map(visible, finding.retention)), style, arrow="-> ")
    yield from _labelled(_REPAIRS[finding.fix.safety], _repair(finding), style)
    yield from _labelled("seen at run time alone", (visible(finding.hint),) if finding.hint else (), style)
    if finding.verdict:
        from leaklint.reports import trace

        yield from _labelled("verdict", trace.lines(finding.verdict, style), style)


def totals(report: Report, style: Style, hidden: int = 0) -> str:
    """Return one line that says how much was read and found, and that ``hidden`` more findings were left out."""
    summary = report.summary
    found = len(report.findings)
    levels = Counter(finding.confidence for finding in report.findings)
    detail = ", ".join(f"{levels[level]} {level}" for level in ("high", "medium", "low") if levels[level])
    unread = f", {counted(len(report.problems), 'problem')}" if report.problems else ""
    known = f", {counted(hidden, 'known finding')} left out" if hidden else ""
    read = f"in {counted(summary.files, 'file')} ({summary.seconds:.1f} s)"
    if found:
        return f"{style.bold(counted(found, 'finding'))} {read}: {detail}{known}{unread}"
    word = "nothing found" if report.problems else style.good("no leak-prone pattern found")
    return f"{style.good('nothing new') if hidden else word} {read}{known}{unread}"


def statistics(report: Report) -> str:
    """Return a line for each code found: how often, the code, its name; the most frequent first."""
    counts = Counter((finding.code, finding.name) for finding in report.findings)
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    width = len(str(ranked[0][1])) if ranked else 0
    return "".join(f"{count:>{width}} {code} {name}\n" for (code, name), count in ranked)


def counted(number: int, noun: str) -> str:
    """Return ``1 finding`` or ``2 findings``."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _source(finding: Finding, view: View, style: Style) -> Iterator[str]:
    """Yield the excerpt at the container with the related places of its file, then those of other files."""
    from leaklint.reports.excerpt import Mark, excerpt

    end = finding.end_column if finding.end_line <= finding.line else 10**6
    start = (finding.path, finding.line, finding.column)
    here = [item.message for item in finding.related if (item.path, item.line, item.column) == start]
    marks = {finding.path: [Mark(finding.line, finding.column, end, "; ".join(here), primary=True)]}
    for item in finding.related:
        if (item.path, item.line, item.column) != start:
            marks.setdefault(item.path, []).append(Mark(item.line, item.column, label=item.message))
    for path, spots in marks.items():
        rows = excerpt(spots, view.lines(path), style)
        if path != finding.path:
            yield f"{style.dim('-->')} {visible(path)}:{spots[0].line}:{spots[0].column}"
        yield from rows
        if not rows:
            yield from (f"line {spot.line}: {visible(spot.label)}" for spot in spots if spot.label)


def _repair(finding: Finding) -> tuple[str, ...]:
    text = ": ".join(visible(part) for part in (finding.fix.replacement, finding.fix.reason) if part)
    return (text,) if text else ()


def _labelled(label: str, lines: tuple[str, ...], style: Style, arrow: str = "") -> Iterator[str]:
    """Yield ``lines`` behind a label, later lines aligned with the first and led by ``arrow``."""
    for position, line in enumerate(lines):
        start = f"  = {style.note(label)}: " if position == 0 else " " * (len(label) + 6) + arrow
        yield start + line
