"""A report of a slider and a text is written as a page of its own."""

import io

import panel


def work():
    panel.Row(panel.widgets.IntSlider(), "hi").save(io.StringIO(), resources="cdn")
