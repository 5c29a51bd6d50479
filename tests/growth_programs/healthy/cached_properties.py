"""Loads the parts of a catalogue when they are first asked for."""

# kind: functools.cached_property

from __future__ import annotations

import functools
import itertools


class Catalogue:
    @functools.cached_property
    def titles(self) -> list[str]:
        return [f"title {number}" for number in range(50)]

    @functools.cached_property
    def authors(self) -> list[str]:
        return [f"author {number}" for number in range(50)]


CATALOGUE = Catalogue()
_turn = itertools.cycle(["titles", "titles", "titles", "authors"])


def work() -> None:
    assert getattr(CATALOGUE, next(_turn)) and Catalogue().titles
