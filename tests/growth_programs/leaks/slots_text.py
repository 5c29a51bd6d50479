"""A document with slots whose text grows."""

# holder: DOCUMENT\.text
# kind: text in a slot

from __future__ import annotations


class Document:
    __slots__ = ("text", "title")

    def __init__(self, title):
        self.title = title
        self.text = ""  # holder here

    def add(self, line):
        self.text = self.text + line  # stores


DOCUMENT = Document("minutes")


def work() -> None:
    DOCUMENT.add("a line of the minutes\n" * 6)
