"""Parses command lines and gives each a list of the words so far."""

# holder: words
# kind: default argument
# what: str

from __future__ import annotations


def parse(line: str, words: list[str] = []) -> list[str]:  # noqa: B006  # holder here
    words.extend(line.split())  # stores
    return words


def work() -> None:
    assert parse("copy from to")[-1] == "to"
