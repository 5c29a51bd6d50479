"""Chains of holders as graphs: DOT for those who have Graphviz, SVG for those who have a browser."""

from __future__ import annotations

from html import escape
from typing import NamedTuple, Sequence

from .wire import WireVerdict

_WIDTH, _HEIGHT, _GAP, _MARGIN = 360, 44, 46, 24
_STYLE = """
svg { background: #ffffff; color: #1f2328; font: 13px ui-monospace, Menlo, Consolas, monospace; }
.node { fill: #f6f8fa; stroke: #57606a; } .leak { fill: #ffebe9; stroke: #cf222e; stroke-width: 2; }
.lib { stroke-dasharray: 4 3; } .edge { stroke: #57606a; } .suspect { stroke: #cf222e; stroke-width: 2.5; }
text { fill: #1f2328; } .name { fill: #57606a; } .accused { fill: #cf222e; font-weight: 700; } .title { font-weight:
700; } @media (prefers-color-scheme: dark) {
  svg { background: #0d1117; color: #e6edf3; } .node { fill: #161b22; stroke: #8b949e; } .edge { stroke: #8b949e; }
  .leak { fill: #3d1416; stroke: #f85149; } .suspect { stroke: #f85149; } .accused { fill: #f85149; }
  text { fill: #e6edf3; } .name { fill: #8b949e; }
}
"""


class Link(NamedTuple):
    """One step of a chain, as places in the text it came from; ``suspect`` if this edge should not be there."""

    holder: int
    held: int
    name: str
    suspect: bool


def links(verdict: WireVerdict) -> list[Link]:
    """Return the steps of a verdict's chain."""
    path = verdict.path
    return [Link(place - 1, place + 1, path[place], place == verdict.suspect) for place in range(1, len(path) - 1, 2)]


def dot(named: Sequence[tuple[str, WireVerdict]]) -> str:
    """Return one digraph for all verdicts with a chain, each a cluster under its name."""
    lines = ["digraph leaks {", "  rankdir=TB;", '  node [shape=box, fontname="monospace"];']
    for number, (title, verdict) in enumerate(named):
        if not verdict.path:
            continue
        lines += [f"  subgraph cluster_{number} {{", f"    label={_quoted(title)};"]
        for place in range(0, len(verdict.path), 2):
            marks = _marks(verdict, place)
            style = ', color="#cf222e"' if "leak" in marks else ""
            style += ", style=dashed" if "lib" in marks else ""
            lines.append(f"    n{number}_{place} [label={_quoted(verdict.path[place])}{style}];")
        for link in links(verdict):
            style = ', color="#cf222e", penwidth=2' if link.suspect else ""
            lines.append(f"    n{number}_{link.holder} -> n{number}_{link.held} [label={_quoted(link.name)}{style}];")
        lines.append("  }")
    return "\n".join([*lines, "}", ""])


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ") + '"'


def _marks(verdict: WireVerdict, place: int) -> list[str]:
    """Return the classes of the node at ``place``: the survivor leaks, library nodes are dashed."""
    marks = ["node"]
    if place == len(verdict.path) - 1:
        marks.append("leak")
    node = place // 2
    if node < len(verdict.origins) and verdict.origins[node] == "lib":
        marks.append("lib")
    return marks


def svg(named: Sequence[tuple[str, WireVerdict]]) -> str:
    """Return one self-contained picture: a column for each verdict with a chain, legible in light and dark."""
    columns = [(title, verdict) for title, verdict in named if verdict.path]
    deepest = max([len(verdict.path) // 2 + 1 for _, verdict in columns], default=0)
    width = _MARGIN + len(columns) * (_WIDTH + _MARGIN)
    height = 3 * _MARGIN + max(0, deepest * (_HEIGHT + _GAP) - _GAP)
    body = [
        _column(title, verdict, _MARGIN + number * (_WIDTH + _MARGIN))
        for number, (title, verdict) in enumerate(columns)
    ]
    text = escape("; ".join(title for title, _ in columns)) or "no chains"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
        f' role="img" aria-label="Chains of holders: {text}"><style>{_STYLE}</style>'
        '<defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="9" markerHeight="9"'
        ' markerUnits="userSpaceOnUse" orient="auto">'
        '<path d="M0 0 8 4 0 8z" fill="currentColor"/></marker></defs>' + "".join(body) + "</svg>\n"
    )


def _column(title: str, verdict: WireVerdict, left: int) -> str:
    """Draw one chain from the top down."""
    top: dict[int, int] = {
        place: 2 * _MARGIN + place // 2 * (_HEIGHT + _GAP) for place in range(0, len(verdict.path), 2)
    }
    middle = left + _WIDTH // 2
    parts = [f'<text class="title" x="{left}" y="{_MARGIN}">{_fitted(title)}</text>']
    for link in links(verdict):
        start, end = top[link.holder] + _HEIGHT, top[link.held]
        edge, name = ("edge suspect", "accused") if link.suspect else ("edge", "name")
        parts.append(
            f'<line class="{edge}" x1="{middle}" y1="{start}" x2="{middle}" y2="{end}" marker-end="url(#arrow)"/>'
        )
        parts.append(
            f'<text class="{name}" x="{middle + 10}" y="{(start + end) // 2 + 4}">{_fitted(link.name, 20)}</text>'
        )
    for place, y in top.items():
        box = f'x="{left}" y="{y}" width="{_WIDTH}" height="{_HEIGHT}" rx="6"'
        parts.append(f'<rect class="{" ".join(_marks(verdict, place))}" {box}/>')
        parts.append(f'<text x="{middle}" y="{y + 27}" text-anchor="middle">{_fitted(verdict.path[place])}</text>')
    return "<g>" + "".join(parts) + "</g>"


def _fitted(text: str, most: int = 44) -> str:
    """Escape a text and cut it in the middle if it is too long for its place; the whole is its tooltip then."""
    if len(text) <= most:
        return escape(text)
    half = (most - 1) // 2
    return f"<title>{escape(text)}</title>{escape(text[:half])}…{escape(text[-half:])}"
