"""One self-contained HTML page: findings, what keeps each object alive, proofs, repairs and pictures.

The page asks for nothing from elsewhere, and its own policy forbids it to: pictures are data URIs, there is no script, and
whatever a name, a source line or a picture holds is text or an image that cannot act: the template ``page.html.jinja`` escapes
by itself. Links, tables and the browser's own
folding make all of it reachable by keyboard; colours follow the system's light or dark.
"""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from leaklint import __version__
from leaklint.model import Finding, Report, Verdict, to_json
from leaklint.records import dataclass, field
from leaklint.reports.escape import visible
from leaklint.reports.excerpt import Mark, excerpt
from leaklint.reports.style import Style

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
    description: str
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


class NoJinjaError(Exception):
    """jinja2 is not installed; the text says how to get it."""


@dataclass(frozen=True, slots=True)
class Proof:
    """A verdict as the page shows it: what it is called, figures, and the chain of holders as a picture and as lines."""

    title: str
    verdict: Verdict
    figures: tuple[str, ...]
    chain: Picture | None


def page(sheet: Sheet) -> str:
    """Return the whole document, ending with a newline; the same sheet always gives the same text.

    Raises ``NoJinjaError``.
    """
    findings = sheet.report.findings
    codes = sorted({finding.code for finding in findings} & set(sheet.rules))
    filled: str = (
        _environment()
        .get_template("page.html.jinja")
        .render(
            sheet=sheet,
            findings=findings,
            proven=any(item.verdict for item in findings),
            totals=_totals(sheet),
            repairs=_REPAIRS,
            rules=[(code, sheet.rules[code].strip().split("\n")) for code in codes],
            source=lambda finding: _source(finding, sheet),
            proofs=lambda finding: _proofs(finding, sheet),
            changed=_changed,
            version=__version__,
        )
    )
    return filled + "\n"


def _environment() -> Any:
    """Return what fills the template: texts are made visible on one line, and then escaped, wherever they stand."""
    try:
        from jinja2 import Environment, PackageLoader, StrictUndefined
    except ImportError:
        raise NoJinjaError("the page needs jinja2: pip install 'flake8-leaklint[report]'") from None
    from markupsafe import Markup

    def shown(value: Any) -> Any:
        return value if isinstance(value, Markup) else visible(str(value))

    environment = Environment(
        loader=PackageLoader("leaklint.reports", "."),
        autoescape=True,
        finalize=shown,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    environment.filters["base64"] = lambda data: base64.b64encode(data).decode("ascii")
    environment.tests["mark"] = _is_mark
    environment.globals["newline"] = Markup("\n")
    return environment


def _totals(sheet: Sheet) -> list[tuple[int, str]]:
    report = sheet.report
    verdicts = Counter(item.verdict.status for item in report.findings if item.verdict)
    later = Counter(verdict.status for verdict in sheet.after.values())
    return [
        (len(report.findings), "finding" if len(report.findings) == 1 else "findings"),
        *([(report.summary.files, "files read")] if report.summary.files else []),
        *((count, status) for status, count in sorted(verdicts.items())),
        *((count, f"{status} after the repair") for status, count in sorted(later.items())),
    ]


def _source(finding: Finding, sheet: Sheet) -> tuple[str, ...]:
    """Return the finding's lines of source, with marks below them."""
    end = finding.end_column if finding.end_line == finding.line else 0
    marks = [Mark(finding.line, finding.column, end, primary=True)]
    marks += [Mark(item.line, item.column, 0, item.message) for item in finding.related if item.path == finding.path]
    return excerpt(marks, sheet.lines(finding.path), Style())


def _is_mark(row: str) -> bool:
    """Tell whether a row of an excerpt is one of marks."""
    _, bar, after = row.partition("|")
    return bool(bar) and after.lstrip().startswith("^")


def _proofs(finding: Finding, sheet: Sheet) -> Iterator[Proof]:
    """Yield the finding's verdict and the one after its repair, as far as there are any."""
    after = sheet.after.get(finding.fingerprint)
    for title, verdict in (("Proof", finding.verdict), ("Proof after the repair", after)):
        if verdict is not None:
            yield _proof(finding, verdict, title)


def _proof(finding: Finding, verdict: Verdict, title: str) -> Proof:
    from leaklint_runtime import draw, graphs, wire

    seen = wire.verdict_from(to_json(verdict))
    rows = tuple("\n".join(draw.text(seen)).split("\n"))
    made = f"made by {verdict.made_by}" if verdict.made_by else ""
    figures = tuple(line for line in (draw.summary(seen), verdict.cause, made) if line)
    chain = None
    if verdict.path:
        drawn = graphs.svg([(finding.symbol, seen)]).encode()
        chain = Picture("", "image/svg+xml", drawn, "Chain of holders: " + "\n".join(rows), rows)
    return Proof(title, verdict, figures, chain)


def _changed(diff: Diff) -> Iterator[tuple[str, str]]:
    """Yield the class and the text of each line of a diff, with blanks for its tabs."""
    kinds = {"+": "add", "-": "del", "@": "hunk"}
    for line in diff.text.rstrip("\n").split("\n"):
        kind = "" if line.startswith(("+++", "---")) else kinds.get(line[:1], "")
        yield kind, line.replace("\t", "    ")
