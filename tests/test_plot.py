"""Pictures: every shape inside its sheet, readable in light and dark, nothing from outside, and PNG of the same."""

from __future__ import annotations

import io
import re
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leaklint_runtime import charts, ledger, plot

SVG = "{http://www.w3.org/2000/svg}"
SIZES = st.integers(0, 2**44)
POINTS = st.lists(st.tuples(st.floats(0, 1e6), st.floats(0, 1e13)), min_size=1, max_size=8).map(
    lambda found: tuple(sorted(found))
)
SERIES = st.builds(charts.ChartSeries, st.text("abc <&>\"'.:_", max_size=90), POINTS)
PANELS = st.lists(
    st.builds(
        charts.Panel,
        st.text(max_size=90),
        st.sampled_from(["bytes", ""]),
        st.lists(SERIES, min_size=1, max_size=4).map(tuple),
    ),
    min_size=1,
    max_size=3,
)
LEDGERS = st.lists(
    st.builds(
        ledger.Ledger,
        pid=st.integers(1, 2**22),
        total=SIZES,
        parts=st.lists(st.builds(ledger.Part, st.sampled_from(ledger.PARTS), SIZES), max_size=8).map(tuple),
        held_together=st.none() | SIZES,
        name=st.text("worker <&>:/.0123456789", max_size=60),
    ).map(lambda item: item._replace(total=item.sum)),
    max_size=4,
)


def inside(chart: plot.Chart) -> None:
    for shape in chart.shapes:
        if isinstance(shape, plot.Line):
            places = list(shape.points)
        elif isinstance(shape, plot.Box):
            places = [(shape.x, shape.y), (shape.x + shape.width, shape.y + shape.height)]
        else:
            places = [(shape.x, shape.y)]
        assert all(-1 <= x <= chart.width + 1 and -1 <= y <= chart.height + 1 for x, y in places), shape


def readable(chart: plot.Chart) -> str:
    text = plot.svg(chart)
    drawn = ElementTree.fromstring(text)
    assert drawn.find(f"{SVG}title") is not None
    assert drawn.find(f"{SVG}desc") is not None
    assert "prefers-color-scheme: dark" in text
    assert not re.findall(r"(?:href|src|url)\s*[=(]", text)
    return text


@settings(max_examples=50)
@given(PANELS, st.text(max_size=300), st.lists(st.tuples(st.floats(0, 1e6), st.text(max_size=40)), max_size=3))
def test_growth_is_drawn_inside_its_sheet(
    panels: list[charts.Panel], below: str, marks: list[tuple[float, str]]
) -> None:
    printable = [panel._replace(title=_printable(panel.title)) for panel in panels]
    marked = [(x, _printable(text)) for x, text in marks]
    chart = charts.growth(printable, "<a title> & more", _printable(below), "calls", marked)
    inside(chart)
    readable(chart)


def _printable(text: str) -> str:
    return "".join(sign for sign in text if sign.isprintable() or sign == " ")


@given(LEDGERS)
def test_ledgers_are_drawn_inside_their_sheet(found: list[ledger.Ledger]) -> None:
    chart = charts.ledgers(found)
    inside(chart)
    readable(chart)


@pytest.mark.parametrize("role", plot.PALETTE)
def test_every_colour_stands_out_in_light_and_dark(role: str) -> None:
    if role in ("card", "grid", "border"):
        pytest.skip("a background")
    least = 4.5 if role in ("text", "soft", "before", "after", "third", "fourth", "mark") else 1.9
    for dark in (False, True):
        assert contrast(plot.color(role, dark), plot.color("card", dark)) >= least


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours, as WCAG 2 defines it."""
    bright, dim = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


def luminance(color: str) -> float:
    parts = [int(color[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def a_chart() -> plot.Chart:
    series = (charts.ChartSeries("before", ((0, 0.0), (9, 9e6))), charts.ChartSeries("after", ((0, 0.0), (9, 1e5))))
    return charts.growth([charts.Panel("memory", "bytes", series)], "A title", "below", "calls", [(4.0, "mark")])


@pytest.mark.parametrize("dark", [False, True])
def test_png_is_the_same_sheet(dark: bool) -> None:
    pytest.importorskip("resvg_py")
    image = pytest.importorskip("PIL.Image")
    chart = a_chart()
    opened = image.open(io.BytesIO(plot.png(chart, dark)))
    assert opened.size == (chart.width * plot.SHOWN, chart.height * plot.SHOWN)
    colors = {color[:3] for _, color in opened.convert("RGBA").getcolors(1 << 20)}
    for role in ("card", "before", "after", "text", "soft"):
        assert tuple(int(plot.color(role, dark)[place : place + 2], 16) for place in (1, 3, 5)) in colors, role


@pytest.mark.parametrize("dark", [False, True])
def test_fixed_colours_need_no_media_query_and_no_variable(dark: bool) -> None:
    text = plot.svg(a_chart(), dark)
    assert "@media" not in text
    assert "var(" not in text
    assert plot.color("before", dark) in text
    assert plot.color("before", not dark) not in text


def test_without_resvg_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "resvg_py", None)
    with pytest.raises(plot.NoResvgError, match=r"pip install 'flake8-leaklint\[plot\]'"):
        plot.png(charts.ledgers([]))
