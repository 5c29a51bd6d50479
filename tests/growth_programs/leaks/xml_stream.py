"""Reads the elements of a stream that does not end."""

# holder: PARSER
# kind: children of an XML element
# what: Element

from __future__ import annotations

import itertools
from xml.etree import ElementTree

PARSER = ElementTree.XMLPullParser(["end"])  # holder here
PARSER.feed("<stream>")
_numbers = itertools.count()


def receive(text: str) -> list[str]:
    PARSER.feed(text)  # stores
    return [element.get("id", "") for _, element in PARSER.read_events()]


def work() -> None:
    number = next(_numbers)
    receive(f'<message id="{number}"><body/></message>')
