"""Reads the elements of a stream that does not end, and drops each after use."""

# kind: XML elements, cleared

from __future__ import annotations

import itertools
from xml.etree import ElementTree

PARSER = ElementTree.XMLPullParser(["start", "end"])
PARSER.feed("<stream>")
ROOT = next(PARSER.read_events())[1]
_numbers = itertools.count()


def work() -> None:
    PARSER.feed(f'<message id="{next(_numbers)}"><body/></message>')
    assert [element.tag for event, element in PARSER.read_events() if event == "end"] == ["body", "message"]
    ROOT.clear()
