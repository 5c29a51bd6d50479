"""What was measured, as a table and as one sheet of two plots in SVG; pure functions of ``ServiceCase`` values."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

MEGABYTE, KILOBYTE = 1e6, 1e3
LAST = 10  # loads, for the pace at the end


@dataclass(frozen=True, slots=True)
class ServiceCase:
    """One application, loaded again and again: what ``measure.py`` printed before and after the repair."""

    title: str
    before: dict[str, Any]
    after: dict[str, Any]

    @property
    def sides(self) -> tuple[tuple[str, dict[str, Any]], ...]:
        """Return the two measurements with their names."""
        return ("before", self.before), ("after", self.after)


def growth(measured: dict[str, Any]) -> list[float]:
    """Return the resident set size after each load, in MB above that after the first load."""
    sizes = [item["rss"] / MEGABYTE for item in measured["rounds"]]
    return [size - sizes[0] for size in sizes]


def table(cases: Sequence[ServiceCase], shown: int) -> str:
    """Return the story as a Markdown table: survivors of ``shown`` loads of the first case, then memory of each."""
    rows: list[tuple[str, ...]] = [("", "before the repair", "after it"), ("---", "---:", "---:")]
    first = cases[0]
    for what, key in (
        ("resource loaders alive", "loaders"),
        ("processors alive", "processors"),
        ("entries of `instance_map`", "entries"),
    ):
        rows.append((f"{what} after {shown} loads and deletes", *(_at(side, shown, key) for _, side in first.sides)))
    control = first.before["refcount"]["control"], first.after["refcount"]["control"]
    in_use = [f"{side['refcount']['in_use']} ({base})" for (_, side), base in zip(first.sides, control, strict=True)]
    rows.append(("reference count in use (a control object)", *in_use))
    rows.append(("reference count after `del`", *(_left(side["refcount"]["after_del"]) for _, side in first.sides)))
    for case in cases:
        loads = len(case.before["rounds"])
        rows.append((f"RSS over {loads} loads, {case.title}", *(_memory(side) for _, side in case.sides)))
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    return "".join(f"| {_padded(row, widths)} |\n" for row in rows)


def _at(measured: dict[str, Any], loads: int, key: str) -> str:
    return str(measured["rounds"][loads - 1][key])


def _left(count: int | None) -> str:
    return "freed" if count is None else str(count)


def _memory(measured: dict[str, Any]) -> str:
    """Return the whole growth, and the pace at the end: the first loads still fit into free memory."""
    grown = growth(measured)
    last = grown[-LAST - 1 :]
    pace = (last[-1] - last[0]) * MEGABYTE / KILOBYTE / max(len(last) - 1, 1)
    return f"{signed(grown[-1], 2)} MB ({signed(pace, 0)} KB a load at the end)"


def signed(value: float, digits: int) -> str:
    """Return the number with its sign; what rounds to zero is ``+0``."""
    return f"{round(value, digits) + 0.0:+.{digits}f}"


def _padded(row: Sequence[str], widths: Sequence[int]) -> str:
    return " | ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True))


WIDTH, HEIGHT = 860, 400
TOP, BOTTOM, LEFT, PANEL, GAP = 104, 340, 64, 330, 108
STYLE = """
  .card { fill: #ffffff; stroke: #d0d7de } .grid { stroke: #d8dee4 } .axis { stroke: #57606a }
  text { fill: #1f2328; font: 13px system-ui, "DejaVu Sans", sans-serif } .head { font-size: 16px; font-weight: 600 }
  .soft { fill: #57606a } .line { fill: none; stroke-width: 2.5; stroke-linejoin: round }
  .before { stroke: #b93815 } .after { stroke: #0969da; stroke-dasharray: 7 4 }
  .told-before { fill: #b93815; font-weight: 600 } .told-after { fill: #0969da; font-weight: 600 }
  @media (prefers-color-scheme: dark) {
    .card { fill: #0d1117; stroke: #30363d } .grid { stroke: #262c36 } .axis { stroke: #8b949e }
    text { fill: #e6edf3 } .soft { fill: #9ba4ae }
    .before { stroke: #ff8b5e } .after { stroke: #6cb6ff }
    .told-before { fill: #ff8b5e } .told-after { fill: #6cb6ff }
  }
"""


def svg(cases: Sequence[ServiceCase], title: str) -> str:
    """Return the sheet: memory over loads before and after the repair, a panel for each of two cases.

    The card brings its own background, light or dark as the reader prefers, so it is legible on either page.
    """
    panels = [line for place, case in enumerate(cases) for line in _panel(case, LEFT + place * (PANEL + GAP))]
    size = f'viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}"'
    text = (
        "resident set size above that after the first load, in MB; each load is deleted and collected before the next"
    )
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-labelledby="title">',
        f'<title id="title">{escape(title)}</title>',
        f"<style>{STYLE}</style>",
        f'<rect class="card" x="0.5" y="0.5" width="{WIDTH - 1}" height="{HEIGHT - 1}" rx="8"/>',
        f'<text class="head" x="{LEFT}" y="36">{escape(title)}</text>',
        f'<text class="soft" x="{LEFT}" y="58">{text}</text>',
        *panels,
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _panel(case: ServiceCase, left: float) -> Iterator[str]:
    sizes = (0.0, *growth(case.before), *growth(case.after))
    marks = scale(min(sizes), max(sizes))
    loads = max(len(side["rounds"]) for _, side in case.sides)

    def across(load: float) -> float:
        return left + PANEL * (load - 1) / max(loads - 1, 1)

    def down(value: float) -> float:
        return BOTTOM - (BOTTOM - TOP) * (value - marks[0]) / (marks[-1] - marks[0])

    yield f'<text x="{left}" y="{TOP - 16}">{escape(case.title)}</text>'
    for mark in marks:
        yield f'<line class="grid" x1="{left}" x2="{left + PANEL}" y1="{down(mark):.1f}" y2="{down(mark):.1f}"/>'
        yield f'<text class="soft" x="{left - 8}" y="{down(mark) + 4:.1f}" text-anchor="end">{mark:g}</text>'
    yield f'<line class="axis" x1="{left}" x2="{left + PANEL}" y1="{BOTTOM}" y2="{BOTTOM}"/>'
    for load in sorted({1, *range(10, loads + 1, 10)}):
        yield f'<text class="soft" x="{across(load):.1f}" y="{BOTTOM + 20}" text-anchor="middle">{load}</text>'
    yield f'<text class="soft" x="{left + PANEL / 2}" y="{BOTTOM + 42}" text-anchor="middle">loads</text>'
    for name, side in case.sides:
        grown = growth(side)
        points = " ".join(f"{across(load):.1f},{down(value):.1f}" for load, value in enumerate(grown, 1))
        yield f'<polyline class="line {name}" points="{points}"/>'
        # Over its own end, where the other line is not: beside a rising line, right above a flat one.
        x, y = across(loads) - (14 if name == "before" else 0), down(grown[-1]) - 8
        ends = f"{name}: {signed(grown[-1], 1)} MB"
        yield f'<text class="told-{name}" x="{x:.1f}" y="{y:.1f}" text-anchor="end">{ends}</text>'


def scale(least: float, most: float) -> list[float]:
    """Return evenly spaced round marks around ``least`` and ``most``: a tenth of a step below 0 still ends at 0."""
    steps = (base * 10.0**power for power in range(-8, 12) for base in (1, 2, 5))
    step = next(step for step in steps if step * 5 >= (most - least or 1.0))
    return [step * place for place in range(math.floor(least / step + 0.1), max(math.ceil(most / step), 1) + 1)]
