"""Builds documents whose parts refer to each other."""

# kind: garbage cycles

from __future__ import annotations


class Chapter:
    def __init__(self, book: Book, title: str) -> None:
        self.book = book
        self.title = title


class Book:
    def __init__(self) -> None:
        self.chapters = [Chapter(self, f"chapter {number}") for number in range(20)]


def work() -> None:
    assert Book().chapters[3].book.chapters
