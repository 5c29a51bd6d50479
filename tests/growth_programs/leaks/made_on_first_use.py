"""Translates words with a dictionary that is read when the first word comes."""

# holder: TRANSLATOR\._words
# kind: instance attribute, made lazily
# what: str

from __future__ import annotations

import itertools


class Translator:
    def translate(self, word: str) -> str:
        if not hasattr(self, "_words"):
            self._words = {"hello": "hallo"}  # holder here
        if word not in self._words:
            self._words[word] = word[::-1]  # stores
        return self._words[word]


TRANSLATOR = Translator()
_numbers = itertools.count()


def work() -> None:
    assert TRANSLATOR.translate("hello") == "hallo"
    TRANSLATOR.translate(f"word-{next(_numbers)}")
