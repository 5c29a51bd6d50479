"""One self-contained HTML page: findings, what keeps each object alive, proofs, repairs and pictures.

The page asks for nothing from elsewhere, and its own policy forbids it to: pictures are data URIs, there is no script, and
whatever a name, a source line or a picture holds is text or an image that cannot act. Links, tables and the browser's own
folding make all of it reachable by keyboard; colours follow the system's light or dark.
"""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from html import escape

from leaklint import __version__
from leaklint.model import Finding, Problem, Report, Verdict, to_json
from leaklint.records import dataclass, field
from leaklint.reports.escape import visible
from leaklint.reports.excerpt import Mark, excerpt
from leaklint.reports.page_style import CSS
from leaklint.reports.style import Style

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
_REPAIRS = {"safe": "safe", "unsafe": "unsafe", "none": "by hand"}


def _no_lines(path: str) -> Sequence[str]:
    return ()


@dataclass(frozen=True, slots=True)
class Picture:
    """An image and the text that says the same: ``kind`` is its media type, ``lines`` are shown below it.

    ``title`` is for images that do not show one themselves.
    """

    title: str
    kind: str
    data: bytes
    told: str
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Diff:
    """What repairs would change in one file; ``repairs`` are the fingerprints of the findings that it serves."""

    path: str
    text: str
    repairs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sheet:
    """All that a page shows.

    ``lines`` gives the physical lines of a path (none: no excerpt), ``rules`` the page of a code. ``left`` says by
    fingerprint why a finding is not repaired, ``after`` holds verdicts of the same findings, taken after a repair.
    """

    report: Report
    title: str = "leaklint report"
    lines: Callable[[str], Sequence[str]] = _no_lines
    rules: Mapping[str, str] = field(default_factory=dict)
    diffs: tuple[Diff, ...] = ()
    left: Mapping[str, str] = field(default_factory=dict)
    after: Mapping[str, Verdict] = field(default_factory=dict)
    pictures: tuple[Picture, ...] = ()


def page(sheet: Sheet) -> str:
    """Return the whole document, ending with a newline; the same sheet always gives the same text."""
    title = _text(sheet.title)
    body = "\n".join(part for part in _body(sheet) if part)
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{title}</title>\n<style>{CSS}</style>\n</head>\n<body>\n"
        f'<a class="skip" href="#main">Skip to the findings</a>\n<header><h1>{title}</h1>\n{_totals(sheet)}</header>\n'
        f'<main id="main">\n{body}\n</main>\n'
        f"<footer>made by leaklint {_text(__version__)}</footer>\n</body>\n</html>\n"
    )


def _body(sheet: Sheet) -> Iterator[str]:
    findings = sheet.report.findings
    yield _contents(sheet) if findings else "<p>No leak-prone pattern was found.</p>"
    yield _memory(sheet.pictures)
    if findings:
        yield '<h2 id="findings">Findings</h2>'
    yield from (_finding(number, finding, sheet) for number, finding in enumerate(findings, start=1))
    yield _repairs(sheet)
    yield _rules(sheet)
    yield _problems(sheet.report.problems)


def _totals(sheet: Sheet) -> str:
    report = sheet.report
    verdicts = Counter(item.verdict.status for item in report.findings if item.verdict)
    later = Counter(verdict.status for verdict in sheet.after.values())
    figures = [
        (str(len(report.findings)), "finding" if len(report.findings) == 1 else "findings"),
        *([(str(report.summary.files), "files read")] if report.summary.files else []),
        *((str(count), status) for status, count in sorted(verdicts.items())),
        *((str(count), f"{status} after the repair") for status, count in sorted(later.items())),
    ]
    cells = "".join(f"<li><strong>{_text(count)}</strong> {_text(name)}</li>" for count, name in figures)
    return f'<ul class="totals">{cells}</ul>'


def _contents(sheet: Sheet) -> str:
    proven = any(item.verdict for item in sheet.report.findings)
    heads = ["#", "Rule", "What keeps the objects", "Where", "Confidence", "Repair"]
    heads += ["Proof"] if proven else []
    heads += ["After"] if sheet.after else []
    rows = []
    for number, item in enumerate(sheet.report.findings, start=1):
        cells = [
            f'<a href="#finding-{number}">{number}</a>',
            f'<abbr title="{_text(item.name)}">{_text(item.code)}</abbr>',
            f'<a href="#finding-{number}"><code>{_text(item.symbol)}</code></a>',
            f"<code>{_text(item.path)}:{item.line}</code>",
            _text(item.confidence),
            _text(_REPAIRS[item.fix.safety]),
        ]
        cells += [_badge(item.verdict)] if proven else []
        cells += [_badge(sheet.after.get(item.fingerprint))] if sheet.after else []
        rows.append("<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>")
    head = "".join(f'<th scope="col">{name}</th>' for name in heads)
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
    return f'<nav class="wide" aria-label="All findings" tabindex="0">{table}</nav>'


def _badge(verdict: Verdict | None) -> str:
    return f'<span class="badge {_text(verdict.status)}">{_text(verdict.status)}</span>' if verdict else "-"


def _finding(number: int, finding: Finding, sheet: Sheet) -> str:
    place = f"{_text(finding.path)}:{finding.line}:{finding.column}"
    parts = [
        f'<article id="finding-{number}" aria-labelledby="title-{number}">',
        f'<h3 id="title-{number}"><span class="code">{_text(finding.code)}</span> <code>{_text(finding.symbol)}</code></h3>',
        f'<p class="place"><code>{place}</code> {_text(finding.confidence)} confidence</p>',
        f"<p>{_text(finding.message)}</p>",
        _source(finding, sheet),
        _retention(finding),
        f"<p>Seen at run time alone: {_text(finding.hint)}</p>" if finding.hint else "",
        _proof(finding, finding.verdict, "Proof"),
        _proof(finding, sheet.after.get(finding.fingerprint), "Proof after the repair"),
        _repair(finding, sheet),
        "</article>",
    ]
    return "\n".join(part for part in parts if part)


def _source(finding: Finding, sheet: Sheet) -> str:
    end = finding.end_column if finding.end_line == finding.line else 0
    marks = [Mark(finding.line, finding.column, end, primary=True)]
    marks += [Mark(item.line, item.column, 0, item.message) for item in finding.related if item.path == finding.path]
    rows = excerpt(marks, sheet.lines(finding.path), Style())
    text = "\n".join(_row(row) for row in rows)
    others = [item for item in finding.related if item.path != finding.path]
    more = "".join(f"<li><code>{_text(item.path)}:{item.line}</code> {_text(item.message)}</li>" for item in others)
    shown = f'<pre tabindex="0" aria-label="Source">{text}</pre>' if rows else ""
    return shown + (f"<ul>{more}</ul>" if more else "")


def _row(row: str) -> str:
    _, bar, rest = row.partition("|")
    return f'<span class="mark">{escape(row)}</span>' if bar and rest.lstrip().startswith("^") else escape(row)


def _retention(finding: Finding) -> str:
    steps = "".join(f"<li>{_text(step)}</li>" for step in finding.retention)
    return f'<h4>What keeps it alive</h4><ol class="path">{steps}</ol>' if steps else ""


def _proof(finding: Finding, verdict: Verdict | None, title: str) -> str:
    if verdict is None:
        return ""
    from leaklint_runtime import draw, graphs, wire

    seen = wire.verdict_from(to_json(verdict))
    told = "\n".join(draw.text(seen))
    made = f"made by {verdict.made_by}" if verdict.made_by else ""
    figures = "".join(f"<li>{_text(line)}</li>" for line in (draw.summary(seen), verdict.cause, made) if line)
    parts = [
        f"<h4>{title} {_badge(verdict)}</h4><p>{_text(verdict.reason)}</p>",
        f"<ul>{figures}</ul>" if figures else "",
    ]
    if verdict.path:
        drawn = Picture("", "image/svg+xml", graphs.svg([(finding.symbol, seen)]).encode(), f"Chain of holders: {told}")
        shown = "\n".join(escape(visible(line)) for line in told.split("\n"))
        parts.append(f'<figure class="chain">{_image(drawn)}</figure>')
        parts.append(f'<details><summary>The chain as text</summary><pre tabindex="0">{shown}</pre></details>')
    return "".join(parts)


def _repair(finding: Finding, sheet: Sheet) -> str:
    fix = finding.fix
    made = f" <code>{_text(fix.replacement)}</code>" if fix.replacement else ""
    rows = [f"<p>{_text(_REPAIRS[fix.safety].capitalize())}{':' if made else '.'}{made} {_text(fix.reason)}</p>"]
    links = [
        f'<a href="#diff-{number}">{_text(diff.path)}</a>'
        for number, diff in enumerate(sheet.diffs, start=1)
        if finding.fingerprint in diff.repairs
    ]
    if links:
        rows.append(f"<p>Changes {', '.join(links)}.</p>")
    why = sheet.left.get(finding.fingerprint, "")
    if why and why != fix.reason:
        rows.append(f"<p>Not repaired here: {_text(why)}</p>")
    return f"<h4>Repair</h4>{''.join(rows)}"


def _repairs(sheet: Sheet) -> str:
    if not sheet.diffs:
        return ""
    shown = []
    for number, diff in enumerate(sheet.diffs, start=1):
        rows = "\n".join(_changed(line) for line in diff.text.rstrip("\n").split("\n"))
        shown.append(
            f'<h3 id="diff-{number}"><code>{_text(diff.path)}</code></h3>'
            f'<pre class="diff" tabindex="0" aria-label="Changes of {_text(diff.path)}">{rows}</pre>'
        )
    return f'<h2 id="repairs">Repairs</h2><p>What <code>leaklint fix</code> changes.</p>{"".join(shown)}'


def _changed(line: str) -> str:
    kinds = {"+": "add", "-": "del", "@": "hunk"}
    text = "    ".join(escape(visible(part)) for part in line.split("\t"))
    kind = "" if line.startswith(("+++", "---")) else kinds.get(line[:1], "")
    return f'<span class="{kind}">{text}</span>' if kind else text


def _memory(pictures: Sequence[Picture]) -> str:
    shown = []
    for picture in pictures:
        rows = "\n".join(escape(visible(line)) for line in picture.lines)
        figures = f'<pre class="figures" tabindex="0">{rows}</pre>' if rows else ""
        caption = f"<figcaption>{_text(picture.title)}</figcaption>" if picture.title else ""
        shown.append(f"<figure>{caption}{_image(picture)}</figure>{figures}")
    return f'<h2 id="memory">Memory</h2>{"".join(shown)}' if shown else ""


def _image(picture: Picture) -> str:
    data = base64.b64encode(picture.data).decode("ascii")
    return f'<img src="data:{_text(picture.kind)};base64,{data}" alt="{_text(picture.told or picture.title)}">'


def _rules(sheet: Sheet) -> str:
    codes = sorted({finding.code for finding in sheet.report.findings} & set(sheet.rules))
    pages = "".join(
        f"<details><summary>{_text(code)}: {_text(sheet.rules[code].strip().split(chr(10), 1)[0])}</summary>"
        f'<pre class="page" tabindex="0">{escape(sheet.rules[code].strip())}</pre></details>'
        for code in codes
    )
    return f'<h2 id="rules">Rules</h2>{pages}' if pages else ""


def _problems(problems: Sequence[Problem]) -> str:
    rows = "".join(
        f"<li><code>{_text(item.path)}{f':{item.line}' if item.line else ''}</code> {_text(item.message)}</li>"
        for item in problems
    )
    return f'<h2 id="problems">Problems</h2><ul>{rows}</ul>' if rows else ""


def _text(text: str) -> str:
    """Return ``text`` for content or a quoted attribute, on one line."""
    return escape(visible(text), quote=True)
