"""Learns the words of a language, after which nothing is new."""

# kind: growth that stops after a third

from __future__ import annotations

import itertools

VOCABULARY: dict[str, list[int]] = {}
_sentences = itertools.count()


def read(sentence: int) -> None:
    for position in range(10):
        word = f"word {min(sentence, 11) * 10 + position}"
        VOCABULARY.setdefault(word, [sentence] * 5)


def work() -> None:
    read(next(_sentences))
