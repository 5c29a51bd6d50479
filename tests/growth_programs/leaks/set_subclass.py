"""Tags pictures and remembers every tag in use."""

# holder: TAGS
# kind: set subclass
# what: str

from __future__ import annotations

import itertools


class TagSet(set):
    def add_all(self, text: str) -> None:
        for word in text.split(","):
            self.add(word.strip())  # stores


TAGS = TagSet()  # holder here
_days = itertools.count(1)


def work() -> None:
    TAGS.add_all(f"sea, holiday, day {next(_days)}")
