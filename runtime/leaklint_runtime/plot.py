"""Charts as lists of shapes, and SVG of them: self-contained, legible in light and dark as the reader prefers.

A shape has a role (``before``, ``grid``, ``soft``) instead of a colour; a palette gives each role its colour. PNG is drawn
from the SVG by resvg where it is installed (the extra ``plot``).
"""

from __future__ import annotations

import math
from html import escape
from typing import NamedTuple, Union

#: Role: colour on light, colour on dark.
PALETTE: dict[str, tuple[str, str]] = {
    "card": ("#ffffff", "#0d1117"),
    "border": ("#d0d7de", "#30363d"),
    "grid": ("#d8dee4", "#262c36"),
    "axis": ("#57606a", "#8b949e"),
    "text": ("#1f2328", "#e6edf3"),
    "soft": ("#57606a", "#9ba4ae"),
    "before": ("#b93815", "#ff8b5e"),
    "after": ("#0969da", "#6cb6ff"),
    "third": ("#1a7f37", "#57d364"),
    "fourth": ("#8250df", "#c297ff"),
    "mark": ("#9a6700", "#d9a520"),
    "shared": ("#8c959f", "#6e7681"),
    "baseline": ("#57606a", "#9ba4ae"),
    "managed": ("#0969da", "#6cb6ff"),
    "findings": ("#cf222e", "#f85149"),
    "gc-lag": ("#8250df", "#c297ff"),
    "hoard": ("#bf8700", "#e3b341"),
    "fragmented": ("#1a7f37", "#57d364"),
    "native": ("#b35900", "#f0883e"),
    "spilled": ("#4d9375", "#85c7a8"),
    "unknown": ("#afb8c1", "#484f58"),
}
FALLBACK = "unknown"
#: Sans serif fonts, one of which most machines have: what draws a PNG looks for them by name.
FONTS = '"DejaVu Sans", "Liberation Sans", "Noto Sans", "Segoe UI", Helvetica, Arial, sans-serif'
SHOWN = 2  # pixels of a PNG file for each of the chart


class Line(NamedTuple):
    """A line through ``points``; ``dash`` are the lengths of dashes and gaps, or empty."""

    points: tuple[tuple[float, float], ...]
    role: str
    width: float = 1.0
    dash: tuple[float, ...] = ()


class Box(NamedTuple):
    """A filled rectangle; ``border`` is the role of its edge, or empty, ``tooltip`` what is shown over it."""

    x: float
    y: float
    width: float
    height: float
    role: str
    border: str = ""
    radius: float = 0.0
    tooltip: str = ""


class Text(NamedTuple):
    """``anchor`` is ``start``, ``middle`` or ``end`` of the text at ``x``; ``y`` is its base line."""

    x: float
    y: float
    text: str
    role: str = "text"
    anchor: str = "start"
    size: int = 13
    bold: bool = False


Shape = Union[Line, Box, Text]


class Chart(NamedTuple):
    """A picture of ``width`` by ``height`` pixels; ``description`` says in words what it shows, for those who cannot see it."""

    width: int
    height: int
    title: str
    description: str
    shapes: tuple[Shape, ...]


class NoResvgError(Exception):
    """resvg is not installed; the text says how to get it."""


def png(chart: Chart, dark: bool = False) -> bytes:
    """Return the chart as a PNG file of twice its pixels, on light or dark. Raises ``NoResvgError``.

    The letters are drawn with a font of the machine; where it has none, they are missing.
    """
    try:
        from resvg_py import svg_to_bytes
    except ImportError:
        raise NoResvgError("PNG needs resvg: pip install 'flake8-leaklint[plot]', or name a .svg file") from None
    return bytes(svg_to_bytes(svg_string=svg(chart, dark), zoom=SHOWN))


def svg(chart: Chart, dark: bool | None = None) -> str:
    """Return the chart as one SVG file that refers to nothing outside.

    Its colours follow the reader's light or dark; ``dark`` fixes them, for what draws the file and reads no media query.
    """
    size = f'viewBox="0 0 {chart.width} {chart.height}" width="{chart.width}" height="{chart.height}"'
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-labelledby="title desc">',
        f'<title id="title">{escape(chart.title)}</title>',
        f'<desc id="desc">{escape(chart.description)}</desc>',
        f"<style>{_style(chart) if dark is None else _fixed_style(chart, dark)}</style>",
        *[_drawn(shape) for shape in chart.shapes],
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def color(role: str, dark: bool = False) -> str:
    """Return the colour of a role as ``#rrggbb``."""
    return PALETTE.get(role, PALETTE[FALLBACK])[dark]


def _style(chart: Chart) -> str:
    roles = _roles_of(chart)
    light = " ".join(f".{_class(role)} {{ --c: {color(role)} }}" for role in roles)
    dark = " ".join(f".{_class(role)} {{ --c: {color(role, True)} }}" for role in roles)
    return (
        "svg { color-scheme: light dark } path, rect, text { fill: var(--c) } path { fill: none; stroke: var(--c); "
        "stroke-linejoin: round } .edge { fill: none; stroke: var(--c) } "
        'text { font-family: system-ui, "DejaVu Sans", sans-serif } .bold { font-weight: 600 } '
        f"{light} @media (prefers-color-scheme: dark) {{ {dark} }}"
    )


def _fixed_style(chart: Chart, dark: bool) -> str:
    colors = [
        f".{_class(role)} {{ fill: {color(role, dark)} }} path.{_class(role)}, .edge.{_class(role)} "
        f"{{ fill: none; stroke: {color(role, dark)} }}"
        for role in _roles_of(chart)
    ]
    shared = f"path {{ stroke-linejoin: round }} text {{ font-family: {FONTS} }} .bold {{ font-weight: 600 }}"
    return " ".join([shared, *colors])


def _roles_of(chart: Chart) -> list[str]:
    return sorted({name for shape in chart.shapes for name in _roles(shape)})


def _roles(shape: Shape) -> list[str]:
    return [shape.role, shape.border] if isinstance(shape, Box) and shape.border else [shape.role]


def _class(role: str) -> str:
    return f"c-{role}"


def _drawn(shape: Shape) -> str:
    if isinstance(shape, Line):
        path = " L".join(f"{x:.1f} {y:.1f}" for x, y in shape.points)
        dash = f' stroke-dasharray="{" ".join(f"{item:g}" for item in shape.dash)}"' if shape.dash else ""
        return f'<path class="{_class(shape.role)}" d="M{path}" stroke-width="{shape.width:g}"{dash}/>'
    if isinstance(shape, Box):
        place = f'x="{shape.x:.1f}" y="{shape.y:.1f}" width="{shape.width:.1f}" height="{shape.height:.1f}"'
        place += f' rx="{shape.radius:g}"' if shape.radius else ""
        text = f"<title>{escape(shape.tooltip)}</title>" if shape.tooltip else ""
        edge = f'<rect class="edge {_class(shape.border)}" {place}/>' if shape.border else ""
        return f'<rect class="{_class(shape.role)}" {place}>{text}</rect>{edge}'
    bold = " bold" if shape.bold else ""
    place = f'x="{shape.x:.1f}" y="{shape.y:.1f}" font-size="{shape.size}" text-anchor="{shape.anchor}"'
    return f'<text class="{_class(shape.role)}{bold}" {place}>{escape(shape.text)}</text>'


def scale(least: float, most: float, count: int = 5) -> list[float]:
    """Return evenly spaced round marks around ``least`` and ``most``: a tenth of a step below 0 still ends at 0."""
    steps = (base * 10.0**power for power in range(-9, 19) for base in (1, 2, 5))
    step = next(step for step in steps if step * count >= (most - least or 1.0))
    first, last = math.floor(least / step + 0.1), max(math.ceil(most / step), 1)
    return [step * place for place in range(first, max(last, first + 1) + 1)]


def fitted(text: str, width: float, size: int = 13) -> str:
    """Cut a text in the middle if it is longer than ``width`` pixels, at some 0.56 of its size a letter."""
    most = max(5, int(width / (0.56 * size)))
    if len(text) <= most:
        return text
    half = (most - 1) // 2
    return f"{text[: most - 1 - half]}…{text[-half:]}"
