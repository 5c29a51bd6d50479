"""Computes attributes of pages once for each page."""

# holder: values
# kind: descriptor keyed by instance
# what: WordyPage

from __future__ import annotations

from collections.abc import Callable


class computed_once:  # noqa: N801
    def __init__(self, function: Callable[[object], object]) -> None:
        self.function = function
        self.values: dict[object, object] = {}  # holder here

    def __get__(self, instance: object, owner: type) -> object:
        if instance is None:
            return self
        if instance not in self.values:
            self.values[instance] = self.function(instance)  # stores
        return self.values[instance]


class WordyPage:
    def __init__(self, text: str) -> None:
        self.text = text

    @computed_once
    def words(self) -> list[str]:
        return self.text.split()


def work() -> None:
    page = WordyPage("the quick brown fox")
    assert len(page.words) == 4
    assert page.words is page.words
