"""The figures as a table and as a plot."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from measure import SpeedRow

_BAR, _LABEL, _LINE = 520, 230, 22


def table(title: str, rows: Sequence[SpeedRow]) -> str:
    """Return a Markdown table: medians, and how many times each is of ruff's cold and warm run."""
    cold, warm = (next((row for row in rows if row.tool == name), None) for name in ("ruff cold", "ruff warm"))
    lines = [
        f"### {title}",
        "",
        "| tool | runs | CPU s | wall s | CPU / ruff cold | wall / ruff warm | peak MB |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        if row.failed:
            lines.append(f"| {row.tool} | 0 | {row.failed} | | | | |")
            continue
        ratios = (_ratio(row.cpu, cold and cold.cpu), _ratio(row.wall, warm and warm.wall))
        lines.append(
            f"| {row.tool} | {row.runs} | {row.cpu:.3f} | {row.wall:.3f} | {ratios[0]} | {ratios[1]} | {row.memory:.0f} |"
        )
    return "\n".join(lines) + "\n"


def _ratio(value: float, other: float | None) -> str:
    return f"{value / other:.2f}" if other else ""


def plot(title: str, rows: Sequence[SpeedRow]) -> str:
    """Return an SVG picture of the CPU seconds on a logarithmic scale."""
    shown = [row for row in rows if not row.failed and row.cpu > 0]
    least = min((row.cpu for row in shown), default=1.0) / 2
    most = max((row.cpu for row in shown), default=1.0)
    height = _LINE * (len(shown) + 2)
    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{_LABEL + _BAR + 90}" height="{height}" '
            'font-family="sans-serif" font-size="13">'
        ),
        '<rect width="100%" height="100%" fill="white"/>',
        f'<text x="8" y="17" font-weight="bold">{escape(title)}: CPU seconds, logarithmic</text>',
    ]
    for place, row in enumerate(shown):
        top = _LINE * (place + 1) + 6
        width = _BAR * _log(row.cpu / least) / max(_log(most / least), 1e-9)
        color = "#2a6fbb" if "leaklint" in row.tool else "#9aa5b1"
        parts.append(f'<text x="{_LABEL - 8}" y="{top + 14}" text-anchor="end">{escape(row.tool)}</text>')
        parts.append(f'<rect x="{_LABEL}" y="{top}" width="{width:.1f}" height="{_LINE - 5}" fill="{color}"/>')
        parts.append(f'<text x="{_LABEL + width + 6:.1f}" y="{top + 14}">{row.cpu:.3g}</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"


def _log(value: float) -> float:
    from math import log

    return log(max(value, 1e-9))
