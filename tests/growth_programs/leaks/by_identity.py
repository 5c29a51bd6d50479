"""Attaches notes to objects without touching the objects."""

# holder: NOTES
# kind: dict keyed by id
# what: Paragraph|dict

from __future__ import annotations

NOTES = {}  # holder here


class Paragraph:
    def __init__(self, text: str) -> None:
        self.text = text


def annotate(paragraph: Paragraph, note: str) -> None:
    entry = NOTES.setdefault(id(paragraph), {"of": paragraph, "notes": []})  # stores
    entry["notes"].append(note)


def work() -> None:
    paragraph = Paragraph("It was a dark and stormy night.")
    annotate(paragraph, "cliché")
