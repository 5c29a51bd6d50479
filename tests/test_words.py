"""Where a word stands in a text: looked for one by one, and for all words at once."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaklint.repairs.words import before_dot, has_attribute, has_word, places_of, speaks_of, spoken_words

PIECES = ["a", "ab", "b_1", "cache_clear", "setter", "__wrapped__", "é", ".", " ", "\n", "\\", "'", '"', "(", "1", "@"]


@given(st.lists(st.sampled_from(PIECES), max_size=30).map("".join))
def test_both_ways_agree(text: str) -> None:
    """A word is among all that are spoken of exactly if it is found when it is looked for."""
    for word in set(re.findall(r"\w+", text)):
        assert speaks_of(text, word) == (word in spoken_words(text)), word


@given(st.text(alphabet="ab_. \n'\"é", max_size=40), st.sampled_from(["a", "ab", "é", "_a"]))
def test_whole_words(text: str, word: str) -> None:
    """Words are those of Python's own expressions."""
    assert [*places_of(text, word)] == [found.start() for found in re.finditer(rf"(?<!\w){word}(?!\w)", text)]
    assert has_word(text, word) == bool([*places_of(text, word)])


@pytest.mark.parametrize(
    ("text", "attribute", "spoken"),
    [
        ("x.made", True, True),
        ("x . \\\n made", True, True),
        ("made = 1", False, False),
        ("getattr(x, 'made')", False, True),
        ("made.cache_clear()", False, True),
        ("@made.setter", False, True),
        ("x.made_up", False, False),
        ("'not made'", False, False),
    ],
)
def test_as_what_a_word_stands(text: str, attribute: bool, spoken: bool) -> None:
    """Attributes, texts and what is controlled are told from plain names."""
    assert (has_attribute(text, "made"), speaks_of(text, "made")) == (attribute, spoken)


def test_what_stands_before_a_dot() -> None:
    """The path before an attribute is given without the space around the dot."""
    text = "x = pkg.Class \\\n  .made"
    assert before_dot(text, text.index("made")) == "x = pkg.Class"
