"""A verdict as people read it: what the experiment showed, and the chain that keeps the object alive."""

from __future__ import annotations

from leaklint.model import Verdict, to_json
from leaklint.reports.escape import visible
from leaklint.reports.style import Style


def lines(verdict: Verdict, style: Style) -> tuple[str, ...]:
    """Return a verdict as lines: status and reason, the chain, the figures, and what the counterfactual showed."""
    # imported here because most reports hold no verdict
    from leaklint_runtime import draw, wire

    seen = wire.verdict_from(to_json(verdict))
    head = f"{style.status(verdict.status)}: {visible(verdict.reason)}".rstrip(": ")
    chain = [_painted(visible(line), style) for line in draw.text(seen)]
    made = f"made by {verdict.made_by}" if verdict.made_by else ""
    return (head, *chain, *(visible(line) for line in (draw.summary(seen), verdict.cause, made) if line))


def _painted(line: str, style: Style) -> str:
    return style.code(line) if "~~" in line and not line.strip("│ ~") else line
