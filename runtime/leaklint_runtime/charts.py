"""The pictures: memory over time with what grows beside it, and ledgers as stacked bars; pure functions."""

from __future__ import annotations

import textwrap
from typing import NamedTuple, Sequence

from .ledger import MANAGED, Ledger
from .plot import Box, Chart, Line, Shape, Text, fitted, scale
from .tables import MEBIBYTE
from .units import size

WIDTH, LEFT, RIGHT = 860, 72, 820
BAR, GAP = 30, 58
COLORS = ("before", "after", "third", "fourth")
DASHES = ((), (7.0, 4.0), (2.0, 3.0), (9.0, 3.0, 2.0, 3.0))


class ChartSeries(NamedTuple):
    """A named run of (x, y) points."""

    name: str
    points: tuple[tuple[float, float], ...]


class Panel(NamedTuple):
    """Runs over one axis; ``unit`` is ``bytes`` or a word. ``fits`` are straight lines drawn thin over the runs."""

    title: str
    unit: str
    series: tuple[ChartSeries, ...]
    fits: tuple[ChartSeries, ...] = ()


def ledgers(drawn: Sequence[Ledger], title: str = "Where the memory is") -> Chart:
    """Draw a stacked bar for each ledger, with the sizes of its parts below."""
    most = max([item.total for item in drawn], default=1) or 1
    shapes: list[Shape] = []
    y = 78.0
    for item in drawn:
        name = item.name or f"process {item.pid}"
        shapes.append(Text(40, y - 8, fitted(f"{name}: {size(item.total)}", WIDTH - 80), bold=True))
        shapes += _bar(item, y, (WIDTH - 80) / most)
        lines = _legend(item, y + BAR + 20)
        shapes += lines
        y = max([shape.y for shape in lines if isinstance(shape, Text)], default=y + BAR) + GAP - 20
    height = int(y) + 4
    text = "; ".join(f"{item.name or item.pid}: " + _sizes(item) for item in drawn)
    return Chart(WIDTH, height, title, text, (*_card(height, title, ""), *shapes))


def _pieces(ledger: Ledger) -> list[tuple[str, str, int]]:
    """Return role, name and bytes of what a bar shows: the parts, with what findings hold taken out of managed."""
    held = min(ledger.held_together or 0, ledger.size(MANAGED))
    pieces = []
    for part in ledger.parts:
        if part.name == MANAGED and held:
            pieces.append(("findings", "held by findings", held))
        rest = part.size - held if part.name == MANAGED else part.size
        pieces.append((part.name, part.name, rest))
    return [piece for piece in pieces if piece[2] > 0]


def _bar(ledger: Ledger, y: float, pixels: float) -> list[Shape]:
    shapes: list[Shape] = []
    x = 40.0
    for role, name, amount in _pieces(ledger):
        shapes.append(Box(x, y, amount * pixels, BAR, role, border="card", tooltip=f"{name}: {size(amount)}"))
        if amount * pixels > 9.0 * len(name):
            shapes.append(Text(x + amount * pixels / 2, y + 20, name, "card", "middle", bold=True))
        x += amount * pixels
    return shapes


def _legend(ledger: Ledger, y: float) -> list[Shape]:
    shapes: list[Shape] = []
    x = 40.0
    for role, name, amount in _pieces(ledger):
        text = f"{name} {size(amount)}"
        width = 36 + 7.4 * len(text)
        if x + width > WIDTH - 30:
            x, y = 40.0, y + 22
        shapes += [Box(x, y - 11, 12, 12, role, radius=2), Text(x + 18, y, text, "soft")]
        x += width
    return shapes


def _sizes(ledger: Ledger) -> str:
    return ", ".join(f"{name} {size(amount)}" for _, name, amount in _pieces(ledger))


def _card(height: float, title: str, below: str) -> list[Shape]:
    shapes: list[Shape] = [
        Box(0.5, 0.5, WIDTH - 1, height - 1, "card", border="border", radius=8),
        Text(40, 36, fitted(title, WIDTH - 80, 16), size=16, bold=True),
    ]
    return [*shapes, *[Text(40, 58 + 19 * place, line, "soft") for place, line in enumerate(wrapped(below))]]


def wrapped(text: str) -> list[str]:
    """Break a text into at most three lines of the card's width, at blanks and where it has breaks of its own."""
    lines = [piece for line in text.splitlines() for piece in textwrap.wrap(line, 108)]
    return lines[:3]


def growth(
    panels: Sequence[Panel], title: str, below: str, across: str, marks: Sequence[tuple[float, str]] = ()
) -> Chart:
    """Draw panels one below the other over the same x axis, called ``across``, with ``marks`` as vertical lines."""
    xs = [x for panel in panels for series in panel.series for x, _ in series.points]
    ticks = scale(min(xs, default=0.0), max(xs, default=1.0), 8)
    first, last = min(xs, default=0.0), max(xs, default=1.0)
    last = last if last > first else first + 1
    shapes: list[Shape] = []
    top = 104.0 + 19 * max(0, len(wrapped(below)) - 1)
    for panel in panels:
        tall = 210.0 if panel is panels[0] else 140.0
        shapes += _panel(panel, top, top + tall, (first, last))
        shapes += _marks(marks, top, top + tall, (first, last), panel is panels[0])
        top += tall + 54
    bottom = top - 54
    for tick in ticks:
        if first <= tick <= last:
            shapes.append(Text(_at(tick, (first, last)), bottom + 18, f"{tick:g}", "soft", "middle"))
    shapes.append(Text((LEFT + RIGHT) / 2, bottom + 38, across, "soft", "middle"))
    height = int(bottom + 54)
    text = "; ".join(_outline(panel) for panel in panels)
    return Chart(WIDTH, height, title, text, (*_card(height, title, below), *shapes))


def _outline(panel: Panel) -> str:
    ends = [f"{item.name} from {_value(item.points[0][1], panel.unit)} to {_value(item.points[-1][1], panel.unit)}"
            for item in panel.series if item.points]  # fmt: skip
    return f"{panel.title}: " + ", ".join(ends)


def _value(value: float, unit: str) -> str:
    return size(value) if unit == "bytes" else f"{value:,.0f} {unit}".rstrip()


def _at(x: float, span: tuple[float, float]) -> float:
    return LEFT + (RIGHT - LEFT) * (x - span[0]) / (span[1] - span[0])


def _panel(panel: Panel, top: float, bottom: float, span: tuple[float, float]) -> list[Shape]:
    by = MEBIBYTE if panel.unit == "bytes" else 1.0
    ys = [y / by for series in panel.series for _, y in series.points]
    ticks = scale(min(ys, default=0.0), max(ys, default=1.0), 5 if bottom - top > 180 else 3)
    low, high = ticks[0], ticks[-1]

    def down(value: float) -> float:
        return bottom - (bottom - top) * (value / by - low) / (high - low)

    shapes: list[Shape] = [Text(LEFT - 32, top - 12, fitted(panel.title, 320), bold=True)]
    for tick in ticks:
        y = down(tick * by)
        shapes += [Line(((LEFT, y), (RIGHT, y)), "grid"), Text(LEFT - 8, y + 4, f"{tick:,g}", "soft", "end")]
    shapes.append(Line(((LEFT, bottom), (RIGHT, bottom)), "axis"))
    for place, series in enumerate(panel.series):
        role, dash = COLORS[place % 4], DASHES[place % 4]
        points = tuple((_at(x, span), down(y)) for x, y in series.points)
        shapes.append(Line(points if len(points) > 1 else points * 2, role, 2.4, dash))
    shapes += [
        Line(
            tuple((max(LEFT, min(RIGHT, _at(x, span))), min(bottom, max(top, down(y)))) for x, y in fit.points),
            "axis",
            1.0,
            (2.0, 4.0),
        )
        for fit in panel.fits
        if len(fit.points) > 1
    ]
    return [*shapes, *_keys(panel, top)]


def _keys(panel: Panel, top: float) -> list[Shape]:
    """Write the names of the runs above the panel, from the right, each beside a piece of its line."""
    shapes: list[Shape] = []
    x = float(RIGHT)
    for place, series in reversed(list(enumerate(panel.series))):
        role, dash = COLORS[place % 4], DASHES[place % 4]
        name = fitted(series.name, 330)
        shapes.append(Text(x, top - 12, name, role, "end", bold=True))
        x -= 7.6 * len(name) + 8
        shapes.append(Line(((x - 26, top - 16.5), (x - 4, top - 16.5)), role, 2.4, dash))
        x -= 42
    return shapes


def _marks(
    marks: Sequence[tuple[float, str]], top: float, bottom: float, span: tuple[float, float], named: bool
) -> list[Shape]:
    shapes: list[Shape] = []
    for x, name in marks:
        if span[0] <= x <= span[1]:
            place = _at(x, span)
            shapes.append(Line(((place, top), (place, bottom)), "mark", 1.2, (4.0, 3.0)))
            if named:
                end = place > RIGHT - 140
                anchor = "end" if end else "start"
                shapes.append(Text(place + (-5 if end else 5), top + 13, fitted(name, 200), "mark", anchor, 12))
    return shapes
