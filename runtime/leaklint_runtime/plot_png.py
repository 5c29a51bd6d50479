"""The shapes of ``plot`` as PNG, by Pillow where it is installed (the extra ``plot``)."""

from __future__ import annotations

import io
import math
from typing import Any

from .plot import Box, Chart, Line, Text, color

OVER = 4  # drawn so much larger, then reduced, for smooth edges
SHOWN = 2  # pixels of the file for each of the chart


class NoPillowError(Exception):
    """Pillow is not installed; the text says how to get it."""


def png(chart: Chart, dark: bool = False) -> bytes:
    """Return the chart as a PNG file, on light or dark. Raises ``NoPillowError``."""
    try:
        from PIL import Image, ImageDraw
    except ImportError:
        raise NoPillowError("PNG needs Pillow: pip install 'flake8-leaklint[plot]', or name a .svg file") from None
    image: Any = Image.new("RGB", (chart.width * OVER, chart.height * OVER), color("card", dark))
    draw = ImageDraw.Draw(image)
    for shape in chart.shapes:
        if isinstance(shape, Line):
            _line(draw, shape, color(shape.role, dark))
        elif isinstance(shape, Box):
            _box(draw, shape, dark)
        else:
            _text(draw, shape, color(shape.role, dark))
    target = io.BytesIO()
    image.resize((chart.width * SHOWN, chart.height * SHOWN), Image.Resampling.LANCZOS).save(
        target, "PNG", optimize=True
    )
    return target.getvalue()


def _line(draw: Any, shape: Line, fill: str) -> None:
    width = max(1, round(shape.width * OVER))
    for points in _dashes(shape) if shape.dash else [list(shape.points)]:
        if len(points) > 1:
            draw.line([(x * OVER, y * OVER) for x, y in points], fill=fill, width=width, joint="curve")


def _dashes(shape: Line) -> list[list[tuple[float, float]]]:
    """Cut a line into the pieces that are drawn."""
    found: list[list[tuple[float, float]]] = []
    place, left, drawn = 0, shape.dash[0], True
    piece = [shape.points[0]]
    for (x, y), (to_x, to_y) in zip(shape.points, shape.points[1:]):
        length = math.hypot(to_x - x, to_y - y)
        done = 0.0
        while length - done > left:
            done += left
            share = done / length
            piece.append((x + (to_x - x) * share, y + (to_y - y) * share))
            found += [piece] if drawn else []
            piece, drawn, place = [piece[-1]], not drawn, place + 1
            left = shape.dash[place % len(shape.dash)]
        left -= length - done
        piece.append((to_x, to_y))
    return [*found, *([piece] if drawn else [])]


def _box(draw: Any, shape: Box, dark: bool) -> None:
    corners = [value * OVER for value in (shape.x, shape.y, shape.x + shape.width, shape.y + shape.height)]
    if corners[2] - corners[0] < 1 or corners[3] - corners[1] < 1:
        return
    outline = color(shape.border, dark) if shape.border else None
    draw.rounded_rectangle(
        corners, shape.radius * OVER, fill=color(shape.role, dark), outline=outline, width=OVER if outline else 0
    )


def _text(draw: Any, shape: Text, fill: str) -> None:
    anchor = {"start": "ls", "middle": "ms", "end": "rs"}[shape.anchor]
    stroke = OVER // 4 if shape.bold else 0
    place = (shape.x * OVER, shape.y * OVER)
    draw.text(
        place, shape.text, fill=fill, font=_font(shape.size), anchor=anchor, stroke_width=stroke, stroke_fill=fill
    )


def _font(size: int) -> Any:
    """Return a font of the machine that has all signs; Pillow's own where there is none."""
    from PIL import ImageFont

    found = next(filter(None, (_named(name, size) for name in ("DejaVuSans.ttf", "Arial.ttf", "Helvetica.ttc"))), None)
    return found or ImageFont.load_default(size * OVER)


def _named(name: str, size: int) -> Any:
    from PIL import ImageFont

    try:
        return ImageFont.truetype(name, size * OVER)
    except OSError:
        return None
